"""A stack that has nothing of a cluster but one namespace, which somebody else made, as they made the operators."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from platinfra.diagnostics import Diagnostic, join_names
from platinfra.model.cluster import Object, ref_of
from platinfra.targets.kubernetes.bundle import NAMESPACE, Bundle
from platinfra.targets.kubernetes.rules.api import CLUSTER_WIDE

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.record import ClusterRecord

BEYOND = "beyond-namespace"
"""The diagnostic of what the namespace does not hold."""
_CONTENTS = (
    "batch/v1/CronJob",
    "batch/v1/Job",
    "apps/v1/Deployment",
    "apps/v1/StatefulSet",
    "apps/v1/DaemonSet",
    "v1/Pod",
    "v1/Service",
    "v1/PersistentVolumeClaim",
    "v1/ConfigMap",
    "v1/Secret",
)
"""What code, operators and StatefulSets make in the namespace; roles there stay, as they are what lets us in."""
_ROOT = "kube-root-ca.crt"
"""The ConfigMap that the cluster itself puts into every namespace."""
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 (the type of a Secret)
_LEAVE_OUT = "leave the component out, or let whoever administers the cluster install it"
_NEAREST = {
    "ClusterRole": "turn it off in `values`, if the chart works with Roles; else choose another tool",
    "ClusterRoleBinding": "turn it off in `values`, if the chart works with RoleBindings; else choose another tool",
    "CustomResourceDefinition": "choose another tool; its chart brings the kinds together with what uses them",
    "GatewayClass": "name one that is there: `routes: {gateway-class: NAME, from-namespace: NAMESPACE}`; or `ingress-class`",
    "PriorityClass": "name one that is there in `values`",
    "StorageClass": "name one that is there: `storage-class: NAME`",
}
"""Kind to the nearest thing that works in a namespace."""


def beyond(bundle: Bundle, rendered: Mapping[str, Sequence[Object]]) -> Iterator[Diagnostic]:
    """Yield one diagnostic with everything that would lie outside the namespace, with the nearest thing that works."""
    lines = [
        f"{what} of `{component}`: {_NEAREST.get(kind, _LEAVE_OUT)}"
        for kind, what, component in _outside(bundle, rendered)
    ]
    if found := tuple(dict.fromkeys(lines)):
        message = f"the stack needs more than the namespace `{bundle.place.namespace}`, {len(found)} in all"
        hint = "remove `scope: namespace` where whoever runs `up` may change the whole cluster"
        yield Diagnostic(BEYOND, message, hint=hint, details=found)


def _outside(bundle: Bundle, rendered: Mapping[str, Sequence[Object]]) -> Iterator[tuple[str, str, str]]:
    """Yield kind, description and component."""
    for step in bundle.steps:
        for each in rendered.get(step.key, step.objects):
            if each["metadata"].get("namespace") != bundle.place.namespace:
                yield each["kind"], str(ref_of(each)), step.component or "stack"
        if step.release and step.release.kinds:
            kinds = ", ".join(each.rpartition("/")[2] for each in step.release.kinds)
            yield "CustomResourceDefinition", f"the definitions of {kinds}", step.component


def absent(bundle: Bundle, kinds: frozenset[str]) -> Iterator[Diagnostic]:
    """Yield the expected operators whose kinds the cluster does not have."""
    for each in bundle.expected:
        if lacking := sorted({*each.kinds} - kinds):
            message = f"the cluster lacks {join_names(lacking)} of {each.chart} {each.version}"
            hint = f"whoever administers the cluster installs it from {each.repository}, in the namespace `{each.namespace}`"
            yield Diagnostic("operator-missing", message, hint=hint)


def find_move(record: "ClusterRecord") -> Iterator[Diagnostic]:
    """Yield when the stack is there already with a namespace of its own, which would have to go."""
    found = {**record.kept, **record.applied}.get(NAMESPACE)
    if found and any(each["ref"][1] == "Namespace" for each in found.record["objects"]):
        message = (
            f"the stack made the namespace `{record.namespace}` itself, and `scope: namespace` leaves that to others"
        )
        hint = "remove the stack first with `platinfra down --delete-data`, or use another environment for this one"
        yield Diagnostic("another-stack", message, hint=hint)


def expectations(bundle: Bundle) -> tuple[str, ...]:
    """Return a sentence for each operator that has to be there."""
    return tuple(
        f"expects {each.chart} {each.version} in {each.namespace}, from {each.repository}" for each in bundle.expected
    )


def contents_of(bundle: Bundle) -> tuple[str, ...]:
    """Return the kinds (`batch/v1/Job`) that the namespace is emptied of, in that order: what operators act on first."""
    custom = (each for each in sorted(bundle.kinds) if _without_version(each) not in CLUSTER_WIDE)
    return (*custom, *_CONTENTS)


def is_of_the_cluster(each: Mapping[str, Any]) -> bool:
    """Tell whether the cluster itself keeps something in every namespace, or for its accounts."""
    return each["metadata"]["name"] == _ROOT or each.get("type") == _TOKEN


def _without_version(kind: str) -> str:
    group, _, name = kind.split("/")
    return f"{group}/{name}"
