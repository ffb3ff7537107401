"""What scales workloads and what protects them from eviction."""

from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.known import holds
from platinfra.targets.kubernetes.rules.problem import Problem
from platinfra.targets.kubernetes.rules.resource import Resource, join_kind, split

_BOUNDS = {
    "autoscaling/HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "keda.sh/ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}
_TARGETS = {
    **dict.fromkeys(_BOUNDS, "scaleTargetRef"),
    "autoscaling.k8s.io/VerticalPodAutoscaler": "targetRef",
}


def scalers_have_targets(inventory: Inventory) -> Iterator[Problem]:
    """Report scalers of workloads that do not exist, two scalers of one workload, and bounds in the wrong order."""
    scaled: set[tuple[str, str, str]] = set()
    for each in inventory.of(*_TARGETS):
        reference = each.at("spec", _TARGETS[each.key])
        key, name = _target(each, reference), reference.at("name")
        known = holds(inventory.known.scale_targets, each.namespace, name.text)
        if not known and inventory.find(key, each.namespace, name.text) is None:
            message = f"nothing creates the {key.rpartition('/')[2]} `{name.text}` to scale"
            yield each.problem("missing-scale-target", name, message, "name a workload of this namespace")
        if each.key in _BOUNDS:
            yield from _bounds(each)
            if (identity := (key, each.namespace, name.text)) in scaled:
                message = f"something else scales `{name.text}` already, and the two would fight"
                yield each.problem("duplicate-scaler", name, message, "remove one of them")
            scaled.add(identity)


def _target(scaler: Resource, reference: Field) -> str:
    """Return the kind that is scaled: a Deployment where a ScaledObject does not say."""
    group, _ = split(reference.at("apiVersion").text or ("apps/v1" if scaler.group == "keda.sh" else "v1"))
    return join_kind(group, reference.at("kind").text or "Deployment")


def _bounds(scaler: Resource) -> Iterator[Problem]:
    least, most = (scaler.at("spec", field) for field in _BOUNDS[scaler.key])
    if least.number is not None and most.number is not None and least.number > most.number:
        message = f"`{least.path}` is above `{most.path}`"
        yield scaler.problem("invalid-bounds", least, message, f"at most {most.number}")


def budgets_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report disruption budgets that say both how many may be missing and how many must be left."""
    for each in inventory.of("policy/PodDisruptionBudget"):
        both = each.at("spec", "minAvailable"), each.at("spec", "maxUnavailable")
        if all(place.present for place in both):
            message = "`minAvailable` and `maxUnavailable` exclude each other"
            yield each.problem("invalid-bounds", both[1], message, "keep one of them")
