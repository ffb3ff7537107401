"""Who Prometheus asks, and whom it rings for: every component with metrics, because a wire says so."""

from collections.abc import Iterator
from typing import Any

from platinfra.model.graph import Component
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.network import own_pods
from platinfra.targets.kubernetes.place import metadata

Object = dict[str, Any]
CAPABILITY = "metrics"
ALERTING = "alerting"


def find_watched_endpoint(component: Component, values: ClusterValues) -> str | None:
    """Return the endpoint of a component that somebody collects metrics from; None when nobody does."""
    binding = next((each for each in values.graph.bindings_to(component.name) if each.capability == CAPABILITY), None)
    return values.endpoint_of(binding) if binding else None


def objects(component: Component, values: ClusterValues) -> Iterator[Object]:
    """Yield a PodMonitor for a component that somebody collects metrics of."""
    name = find_watched_endpoint(component, values)
    if name is None:
        return
    endpoint = values.tool(component).endpoints[name]
    target = values.facts.location(component, name)[2]
    selector = next(iter(own_pods(component, values)), None)
    if selector is None:
        return
    asked = {"portNumber": target, "path": endpoint.metrics, "interval": "30s"}
    spec = {"selector": selector, "podMetricsEndpoints": [asked]}
    meta = metadata(component.name, values.facts.place, component)
    yield {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": meta, "spec": spec}
    if _rings(component, values):
        spec = {"groups": [{"name": component.name, "rules": [_silence(component, values)]}]}
        yield {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": meta, "spec": spec}


def own_series(component: Component, values: ClusterValues) -> str:
    """Return what selects a component's own series."""
    namespace = values.facts.place.namespace
    # The Prometheus operator names a PodMonitor's job so.
    return f'namespace="{namespace}", job="{namespace}/{component.name}"'


def _rings(component: Component, values: ClusterValues) -> bool:
    """Tell whether somebody who collects a component's metrics is there to tell people."""
    watchers = [each.consumer for each in values.graph.bindings_to(component.name) if each.capability == CAPABILITY]
    return any(ALERTING in values.graph.components[each].stages for each in watchers)


def _silence(component: Component, values: ClusterValues) -> Object:
    """Return the rule that rings when a pod of a component does not answer, or none is there to be asked."""
    series = f"up{{{own_series(component, values)}}}"
    return {
        "alert": "ComponentDown",
        "expr": f"{series} == 0 or absent({series})",
        "for": "5m",
        "labels": {"severity": "critical", "component": component.name},
        "annotations": {"summary": f"{component.name} of {values.facts.place.stack} does not answer"},
    }
