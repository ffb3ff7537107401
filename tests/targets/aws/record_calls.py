"""
Record what Terraform and platinfra ask AWS for: `python tests/targets/aws/record_calls.py CASE...`.

Each case goes up, is planned, and goes down with its data, against moto. Its part of `recorded_calls.txt` is replaced;
the lines are `case service:Action ARN`. A case takes about six minutes.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.moto_server import moto, surroundings
from tests.targets.aws.stacks import ACCOUNT, text_of
from tests.terraform import environment

RECORDED = Path(__file__).parent / "recorded_calls.txt"
COMMANDS = (("up", "--yes"), ("plan",), ("drift",), ("down", "--delete-data", "--confirm", "STACK"))


def record(text: str, commands: tuple[tuple[str, ...], ...] = COMMANDS) -> list[str]:
    """Return the calls that the commands make for a stack, sorted."""
    from platinfra.document import load_text

    stack = str(load_text(text, "platinfra.yaml").data["name"])
    with tempfile.TemporaryDirectory() as name:
        folder, calls = Path(name), Path(name) / "calls"
        (folder / "platinfra.yaml").write_text(text)
        os.environ["MOTO_RECORDING"] = str(calls)
        try:
            with moto(ACCOUNT) as url:
                env = {**environment(folder), **surroundings(url), "HOME": name}
                for each in commands:
                    arguments = [stack if part == "STACK" else part for part in each]
                    command = [sys.executable, "-m", "platinfra", *arguments]
                    subprocess.run(command, cwd=folder, env=env, check=True, stdin=subprocess.DEVNULL, timeout=1200)
        finally:
            del os.environ["MOTO_RECORDING"]
        return sorted(set(calls.read_text().splitlines()))


def main(cases: list[str]) -> None:
    """Record the cases, and leave the lines of the others."""
    for case in cases:
        found = [f"{case} {line}" for line in record(text_of(case))]
        old = RECORDED.read_text().splitlines() if RECORDED.is_file() else []
        kept = [line for line in old if line.partition(" ")[0] != case]
        RECORDED.write_text("\n".join(sorted({*kept, *found})) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
