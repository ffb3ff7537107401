"""
Measure platinfra and write docs/reference/performance.md: `make bench`, or `run.py NAME…` for some of it.

Every figure is a ratio to something measured in the same run, or a median, because machines are noisy.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import cloud  # noqa: E402
import cluster  # noqa: E402
import cold  # noqa: E402
import faults  # noqa: E402
import lifecycle  # noqa: E402
import machine  # noqa: E402
import processes  # noqa: E402
import scale  # noqa: E402
import serving  # noqa: E402
import stack  # noqa: E402
import suite  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "reference" / "performance.md"
MEASUREMENTS = {
    "processes": processes.measure,
    "scale": scale.measure,
    "stack": stack.measure,
    "serving": serving.measure,
    "cloud": cloud.measure,
    "cluster": cluster.measure,
    "lifecycle": lifecycle.measure,
    "faults": faults.measure,
    "cold": cold.measure,
    "suite": suite.measure,
}
USUAL = ("processes", "scale", "stack", "serving", "cloud", "cluster", "lifecycle")
"""`faults` takes long, `cold` downloads everything anew, and `suite` runs the tests: these are run by name."""


def main(*names: str) -> None:
    """Measure, keep the results of what is not measured this time, and write the page."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names or USUAL:
        began = time.monotonic()
        results[name] = {
            "on": machine.describe(),
            "date": time.strftime("%Y-%m-%d"),
            "rows": MEASUREMENTS[name](median),
        }
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))
    print(PAGE.read_text())


def page(results: dict[str, dict]) -> str:
    """Return the page of all results."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; medians. Ratios are taken within one run, since machines are noisy.",
        "",
    ]
    for name in [each for each in MEASUREMENTS if each in results]:
        entry = results[name]
        lines += [
            f"## {name.capitalize()}",
            "",
            f"{entry['date']}, {entry['on']}",
            "",
            "| what | measured | reach | |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {row['what']} | {row['measured']} | {row['reach']} | {'✓' if row['ok'] else '✗'} |"
            for row in entry["rows"]
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
