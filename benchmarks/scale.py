"""Resolve and plan generated stacks of 100 and 1,000 components."""

import time
from collections.abc import Callable
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.document import load_text
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.local.facts import Machine, locks, wanted_ports
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.plan import plan

SMALL, LARGE = 100, 1000
REPEATS = 5


def measure(middle: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return the seconds of the large stack, and its ratio to the small one."""
    pairs = [(seconds(SMALL), seconds(LARGE)) for _ in range(REPEATS)]
    small, large = middle([each for each, _ in pairs]), middle([each for _, each in pairs])
    return [
        {
            "what": f"resolve + plan, {LARGE:,} components",
            "measured": f"{large:.2f} s",
            "reach": "≤ 0.5 s",
            "ok": large <= 0.5,
        },
        {
            "what": f"{LARGE:,} against {SMALL} components",
            "measured": f"{large / small:.1f} × {small:.3f} s",
            "reach": "≤ 11 ×",
            "ok": large <= 11 * small,
        },
    ]


def generated(components: int) -> str:
    """Return a stack file of teams that each have a tracker with its own database role, a monitor and a data version."""
    trackers = [f"    - mlflow: {{as: tracker-{number}}}" for number in range(components // 2)]
    monitors = [f"    - evidently: {{as: monitor-{number}}}" for number in range(components // 4)]
    versions = [
        f"    - dvc: {{as: data-{number}}}" for number in range(components - components // 2 - components // 4 - 2)
    ]
    stages = ["  experiment_tracker:", *trackers, "  monitoring:", *monitors, "  data_versioning:", *versions]
    return "\n".join(["name: generated", "stack:", *stages])


def seconds(components: int) -> float:
    """Return how long it takes from text to plan."""
    text = generated(components)
    began = time.perf_counter()
    catalog = Catalog()
    graph = resolve(load(load_text(text, "platinfra.yaml")), catalog).graph
    ports = {name: 10_000 + number for number, name in enumerate(wanted_ports(graph, catalog))}
    venvs = {tool: Path("/environments") / tool for tool in locks(graph, catalog)}
    made = plan(graph, catalog, Machine(Layout(Path("/state")), Path("/project"), ports, venvs, "/usr/bin", {}, "3.11"))
    assert len(made.record.components) == components
    return time.perf_counter() - began
