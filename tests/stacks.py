"""Stacks and plans for tests."""

from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.document import load_text
from platinfra.model.graph import Graph
from platinfra.model.plan import Plan
from platinfra.resolve.resolve import Resolved, resolve
from platinfra.spec.load import load
from platinfra.targets.local.facts import Machine, locks, wanted_ports
from platinfra.targets.local.layout import Layout
from platinfra.targets.local.plan import plan

CATALOG = Catalog()


def resolved(text: str, **options: object) -> Resolved:
    return resolve(load(load_text(text, "platinfra.yaml")), CATALOG, **options)


def graph_of(text: str, **options: object) -> Graph:
    return resolved(text, **options).graph


def machine_for(graph: Graph, catalog: Catalog = CATALOG) -> Machine:
    return Machine(
        layout=Layout(Path("/state")),
        project=Path("/project"),
        ports={name: 20_000 + number for number, name in enumerate(wanted_ports(graph, catalog))},
        environments={tool: Path("/environments") / tool for tool in locks(graph, catalog)},
        path="/usr/bin",
        passed={"UV_CACHE_DIR": "/cache"},
        python="3.11",
    )


def plan_of(text: str, **options: object) -> Plan:
    graph = graph_of(text, **options)
    return plan(graph, CATALOG, machine_for(graph))


TRACKING = "name: demo\nstack:\n  experiment_tracker: [mlflow]\n"
