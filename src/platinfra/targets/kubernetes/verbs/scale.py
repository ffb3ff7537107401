"""What a cluster lacks for as much as a stack asks of it, found before anything is touched."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.diagnostics import Diagnostic
from platinfra.model.cluster import Cluster, Object, ref_of
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.rules.quantities import parse
from platinfra.targets.kubernetes.scale import GPU

_METRICS = "metrics.k8s.io/"
"""What metrics-server adds to the Kubernetes API."""


def conflicts(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield what would wait for ever, or what the API server would refuse."""
    yield from _no_gpus(bundle, cluster)
    yield from _no_metrics(bundle, cluster)
    sets = [each for each in bundle.objects if each["kind"] == "StatefulSet" and _claims(each)]
    for each, live in zip(sets, cluster.read([ref_of(each) for each in sets]), strict=True):
        if live:
            yield from _fixed_volumes(each, live)


def _no_gpus(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield the components that ask for GPUs where no node has one and nothing would find it."""
    values = bundle.values
    wanted = {
        step.component
        for step in bundle.steps
        if asks_for_gpus(list(step.objects)) or (step.release and asks_for_gpus(step.release.values))
    }
    found_by = any("gpus" in values.tool(each).provides for each in values.graph.components.values())
    brought = found_by and not bundle.place.is_confined
    if not wanted or brought or not cluster.can_i("list", "nodes"):
        return
    nodes = cluster.find("nodes")
    if any(str(each.get("status", {}).get("allocatable", {}).get(GPU, "0")) != "0" for each in nodes):
        return
    hint = "add `gpus: [nvidia-device-plugin]` to the stack; the nodes need NVIDIA's driver"
    for name in sorted(wanted):
        yield Diagnostic("no-gpus", f"`{name}` requests GPUs, and no node of the cluster has one", hint=hint)


def asks_for_gpus(value: Any) -> bool:
    """Tell whether pods in some data ask for GPUs; those of which there are none do not."""
    match value:
        case Mapping():
            if value.get("replicas") == 0:
                return False
            limits = value.get("limits")
            asked = isinstance(limits, Mapping) and limits.get(GPU) not in {None, 0, "0", ""}
            return asked or any(asks_for_gpus(each) for each in value.values())
        case list():
            return any(asks_for_gpus(each) for each in value)
    return False


def _no_metrics(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield what could never get more pods, as nothing in the cluster measures how busy they are."""
    scaled = [each["metadata"]["name"] for each in bundle.objects if each["kind"] == "HorizontalPodAutoscaler"]
    if not scaled or any(each.startswith(_METRICS) for each in cluster.api_resources()):
        return
    hint = "install metrics-server (on EKS it is an addon), or set `max_replicas` to the value of `replicas`"
    for name in scaled:
        message = f"`{name}` is autoscaled, and the cluster has no metrics API"
        yield Diagnostic("no-metrics-api", message, hint=hint)


def _claims(each: Object) -> Sequence[Object]:
    """Return the templates of the volumes of a StatefulSet."""
    found: Sequence[Object] = each["spec"].get("volumeClaimTemplates", ())
    return found


def _fixed_volumes(wanted: Object, live: Object) -> Iterator[Diagnostic]:
    """Yield the volumes of a StatefulSet that would have another size: Kubernetes refuses that."""
    templates = {each["metadata"]["name"]: each for each in _claims(wanted)}
    for each in _claims(live):
        now, then = _storage(each), _storage(templates.get(each["metadata"]["name"], {}))
        if then and parse(now) != parse(then):
            name = wanted["metadata"]["name"]
            message = f"the volume of `{name}` is {now} and would become {then}, which Kubernetes refuses"
            hint = f"keep `storage: {now}` in its settings, or move the data to another component"
            yield Diagnostic("volume-resized", message, hint=hint)


def _storage(claim: Mapping[str, Any]) -> str:
    return str(claim.get("spec", {}).get("resources", {}).get("requests", {}).get("storage", ""))
