"""A dashboard of each component with metrics, for whoever shows dashboards: from what its tool says is worth seeing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.catalog.schema import Panel
from platinfra.facts.table import beside
from platinfra.model.graph import Component
from platinfra.model.template import fill
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.monitors import find_watched_endpoint, own_series
from platinfra.targets.kubernetes.place import metadata

Object = dict[str, Any]
SELF = "$self"
"""Stands in queries for what selects a component's own series."""
_TABLE: Mapping[str, Any] = beside(__file__)
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2


def objects(values: ClusterValues) -> Iterator[Object]:
    """Yield a ConfigMap for each component of which somebody collects metrics, labelled as those want who show them."""
    shown = [each.dashboards for each in map(values.facts.recipe, values.graph.components.values()) if each.dashboards]
    if not shown:
        return
    labels = {key: value for each in shown for key, value in each.items()}
    for component in values.graph.components.values():
        panels = _panels(component, values)
        if panels is not None:
            meta = metadata(f"{component.name}-dashboard", values.facts.place, component)
            meta = {**meta, "labels": {**meta["labels"], **labels}}
            data = {f"{component.name}.json": json.dumps(dashboard(component, values, panels), indent=1)}
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def _panels(component: Component, values: ClusterValues) -> Mapping[str, Panel] | None:
    """Return what is worth seeing of a component; None where nobody collects its metrics."""
    name = find_watched_endpoint(component, values)
    usual = {title: Panel(**each) for title, each in _TABLE["usual"].items()}
    return {**usual, **values.tool(component).endpoints[name].panels} if name else None


def dashboard(component: Component, values: ClusterValues, panels: Mapping[str, Panel]) -> Object:
    """Return a dashboard as Grafana reads it."""
    place, own = values.facts.place, own_series(component, values)
    return _fill(
        "dashboard",
        uid=f"{place.namespace}-{component.name}"[:40],
        title=f"{component.name} of {place.stack}",
        tool=component.tool,
        panels=[_panel(number, title, each, own) for number, (title, each) in enumerate(panels.items())],
    )


def _panel(number: int, title: str, panel: Panel, own: str) -> Object:
    row, column = divmod(number, _COLUMNS)
    where = {"x": column * _WIDTH, "y": row * _HEIGHT}
    return _fill("panel", id=number + 1, title=title, unit=panel.unit, expr=panel.query.replace(SELF, own), **where)


def _fill(template: str, **known: Any) -> Object:
    filled: Object = fill(_TABLE[template], lambda reference: known[reference.path[0]])
    return filled
