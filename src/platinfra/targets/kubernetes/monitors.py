"""Who Prometheus asks: every component with metrics, because a wire says so."""

from collections.abc import Iterator
from typing import Any

from platinfra.model.graph import Component
from platinfra.targets.kubernetes.network import selectors
from platinfra.targets.kubernetes.place import metadata
from platinfra.targets.kubernetes.values import Values

Object = dict[str, Any]
CAPABILITY = "metrics"


def watched(component: Component, values: Values) -> str | None:
    """Return the endpoint of a component that somebody collects metrics from; None when nobody does."""
    binding = next((each for each in values.graph.bindings_to(component.name) if each.capability == CAPABILITY), None)
    return values.endpoint_of(binding) if binding else None


def objects(component: Component, values: Values) -> Iterator[Object]:
    """Yield a PodMonitor for a component that somebody collects metrics of."""
    name = watched(component, values)
    if name is None:
        return
    endpoint = values.tool(component).endpoints[name]
    target = values.location(component, name)[2]
    selector = next(iter(selectors(component, values)), None)
    if selector is None:
        return
    asked = {"portNumber": target, "path": endpoint.metrics, "interval": "30s"}
    spec = {"selector": {"matchLabels": selector}, "podMetricsEndpoints": [asked]}
    meta = metadata(component.name, values.place, component)
    yield {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": meta, "spec": spec}
