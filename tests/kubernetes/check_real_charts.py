"""
Render the real charts of every tool with the values that platinfra writes, and look for what the graph asked of them.

`python tests/kubernetes/check_real_charts.py [FOLDER]`: charts come from FOLDER, one folder or archive a chart, or from their
own repositories, which has to be possible where it runs. Ends with 1 when a chart breaks a promise or an object a rule.
"""

import sys
from collections.abc import Iterator
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import load_text
from platinfra.drivers import helm
from platinfra.model import targets
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.kubernetes.place import VERSION
from platinfra.targets.kubernetes.plan import problems
from platinfra.targets.kubernetes.verbs.session import render_charts

CATALOG = Catalog()
REQUIRED = {"organization": "acme"}
"""Settings without a default."""


def main(charts: str | None = None) -> int:
    """Check every tool of a stage that has a chart; return how many have problems."""
    bad = 0
    for tool in CATALOG.tools():
        stages = [each for each in tool.provides if CATALOG.capability(each).stage]
        if stages and tool.run.kubernetes and tool.run.kubernetes.charts:
            found = list(wrong_with(tool, stages[0], charts))
            bad += bool(found)
            print(f"{tool.name}: {'well' if not found else ''}")
            for each in found:
                print(f"  {each.code}: {each.message}")
    return bad


def wrong_with(tool: Tool, stage: str, charts: str | None) -> Iterator[Diagnostic]:
    """Yield what is wrong with the chart of a tool beside MLflow and Prometheus."""
    uses: dict[str, list[Any]] = {"experiment_tracker": ["mlflow"], "monitoring": ["prometheus"]}
    for each in tool.requires.values():
        needed = CATALOG.capability(each.capability)
        if needed.stage and not each.optional and each.capability not in uses:
            uses[each.capability] = [_use(CATALOG.providers(each.capability)[0])]
    uses.setdefault(stage, [])
    if tool.name not in uses[stage]:
        uses[stage].append(_use(tool))
    deployment = f"deployment: {{charts: '{charts}'}}\n" if charts else ""
    text = f"name: check\nprovider: {{name: kubernetes}}\n{deployment}stack: {uses!r}\n"
    try:
        resolved = resolve(load(load_text(text, "platinfra.yaml")), CATALOG)
        made = targets.get(resolved.graph.target).bundle(resolved)
        yield from problems(made, render_charts(made, helm.find(), VERSION, frozenset()), frozenset())
    except PlatinfraError as error:
        yield from error.diagnostics


def _use(tool: Tool) -> Any:
    """Return how a stack names a tool, with the settings that have no default."""
    settings = {name: REQUIRED[name] for name, each in tool.settings.items() if each.default is None}
    return {tool.name: {"settings": settings}} if settings else tool.name


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
