"""
Render the real charts of the catalog with the values that platinfra writes, and look for what the graph asked of them.

`make charts` takes each chart from its own repository, `make charts CHARTS=FOLDER` from a folder with one folder or
archive a chart. For a chart that is well, what was read of its values and the date are recorded in `chart_keys`; one that
cannot be reached is named with the date of its last record. Ends with 1 when a chart breaks a promise or an object a rule.
"""

import json
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import PlatinfraError
from platinfra.drivers import helm
from platinfra.drivers.helm_releases import HelmReleases
from platinfra.model.cluster import Chart as Named
from platinfra.targets.kubernetes.bundle import Release
from platinfra.targets.kubernetes.place import VERSION
from platinfra.targets.kubernetes.plan import problems, release_of
from platinfra.targets.kubernetes.verbs.session import render_charts
from tests.kubernetes.record_chart_keys import FOLDER, Chart, charts, record
from tests.kubernetes.stacks import EVERYTHING, bundle

CATALOG = Catalog()
EXAMPLE = Path(__file__).parents[2] / "examples" / "eks-platform" / "platinfra.yaml"
GPU = """\
name: check
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
deployment: {cluster: {gpu: {instance-type: g4dn.xlarge, max: 3}}}
stack: {experiment_tracker: [mlflow], model_serving: [nvidia-triton]}
"""
SETTINGS = {"organization": "acme"}
"""Settings without a default."""


def main(folder: str = "") -> int:
    """Check every chart that can be reached; return whether any is not as it should be."""
    engine, uses = helm.find(), charts(CATALOG)
    source = str(Path(folder).resolve()) if folder else ""
    paths: dict[str, Path] = {}
    found: dict[str, list[str]] = defaultdict(list)
    for name, releases in uses.items():
        try:
            paths[name] = engine.fetch(_chart(releases[0], source))
        except PlatinfraError as error:
            print(f"{name} {releases[0].version}: not reached ({error.diagnostics[0].message}); {_last(name)}")
    for text in stacks():
        for name, problem in _wrong_with(text, source, engine, paths):
            found[name].append(problem)
    for name, path in paths.items():
        found[name] += _record(name, uses[name], path) if not found[name] else ()
        print(f"{name} {uses[name][0].version}: {'not as expected' if found[name] else 'well'}")
        for each in dict.fromkeys(found[name]):
            print(f"  {each}")
    return int(any(found.values()))


def stacks() -> Iterator[str]:
    """Yield stacks that have every chart of the catalog between them."""
    yield from (EVERYTHING, GPU, EXAMPLE.read_text())
    for tool in CATALOG.tools():
        stages = [each for each in tool.provides if CATALOG.capability(each).stage]
        if stages and tool.run.kubernetes and tool.run.kubernetes.charts:
            yield stack_of(tool, stages[0])
    yield "name: check\nprovider: {name: kubernetes}\nstack: {experiment_tracker: [mlflow], secret_store: [vault]}\n"


def stack_of(tool: Tool, stage: str) -> str:
    """Return a stack of a tool beside MLflow and Prometheus, with what the tool needs."""
    uses: dict[str, list[Any]] = {"experiment_tracker": ["mlflow"], "monitoring": ["prometheus"]}
    for each in tool.requires.values():
        needed = CATALOG.capability(each.capability)
        if needed.stage and not each.optional and each.capability not in uses:
            uses[each.capability] = [_use(CATALOG.providers(each.capability)[0])]
    uses.setdefault(stage, [])
    if tool.name not in uses[stage]:
        uses[stage].append(_use(tool))
    return f"name: check\nprovider: {{name: kubernetes}}\nstack: {json.dumps(uses)}\n"


def _use(tool: Tool) -> Any:
    """Return how a stack names a tool, with the settings that have no default."""
    settings = {name: SETTINGS[name] for name, each in tool.settings.items() if each.default is None}
    return {tool.name: {"settings": settings}} if settings else tool.name


def _wrong_with(text: str, source: str, engine: HelmReleases, paths: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the charts of a stack, when all of them can be reached: `(chart, problem)`."""
    made = bundle(_at(text, source))
    names = [each.chart for each in made.releases]
    if not names or not set(names) <= paths.keys():
        return
    try:
        wrong = problems(made, render_charts(made, engine, VERSION, frozenset()), frozenset())
    except PlatinfraError as error:
        wrong = list(error.diagnostics)
    for each in wrong:
        about = [name for name in names if f"`{name}`" in each.message] or names[-1:]
        yield from ((name, f"{each.code}: {each.message}") for name in about)


def _at(text: str, source: str) -> str:
    """Return a stack whose charts come from a folder; nothing changes without one."""
    import yaml

    data = yaml.safe_load(text)
    if source:
        data["deployment"] = {**data.get("deployment", {}), "charts": source}
    return str(yaml.safe_dump(data, sort_keys=False))


def _chart(release: Release, source: str) -> Named:
    chart = release_of(release).chart
    return Named(chart.name, source or chart.repository, chart.version)


def _record(name: str, uses: list[Release], path: Path) -> list[str]:
    """Record what is known of the values that are set, and that the chart was rendered today; return what it does not know."""
    with tempfile.TemporaryDirectory() as folder:
        if path.is_file():
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
            path = Path(folder) / name
        try:
            made = record(name, uses, Chart.at(path))
        except LookupError as error:
            return [str(error)]
    made = {"rendered": time.strftime("%Y-%m-%d"), **made}
    (FOLDER / f"{name}.json").write_text(json.dumps(made, indent=1) + "\n")
    return []


def _last(name: str) -> str:
    """Say when a chart was last rendered, and where its values were read."""
    file = FOLDER / f"{name}.json"
    known = json.loads(file.read_text()) if file.is_file() else {}
    when = f"rendered last on {known['rendered']}" if "rendered" in known else "never rendered"
    return f"{when}, its values read in {known.get('source', 'nothing')}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
