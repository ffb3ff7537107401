"""Fields that would change and that no API server lets change, found before anything is touched."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.cluster import Cluster, Object, ObjectRef, ref_of
from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import Bundle, Rendered
from platinfra.targets.kubernetes.pods import is_any_hook
from platinfra.targets.kubernetes.rules.quantities import parse

_VOLUME = ("accessModes", "storageClassName", "volumeMode", "volumeName", "selector", "dataSource", "dataSourceRef")
"""What a volume is asked for; its size has a rule of its own, as some classes let it grow."""
_FIXED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.selector",
        "spec.serviceName",
        "spec.podManagementPolicy",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.template", "spec.completionMode"),
    ("", "PersistentVolumeClaim"): tuple(f"spec.{each}" for each in _VOLUME),
    ("", "Service"): ("spec.clusterIP",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    ("scheduling.k8s.io", "PriorityClass"): ("value",),
}
"""Group and kind to the paths of the fields that stay as they were made."""
_WHOLE = frozenset({"spec.selector", "roleRef", "parameters"})
"""Fields in which something less is something else too; in all others the server may have filled in what is not said."""


def conflicts(bundle: Bundle, rendered: Rendered, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield the fields of objects that are there and would have to become something else."""
    charts = (each for objects in rendered.values() for each in objects if not is_any_hook(each))
    wanted = [each for each in (*map(plain, bundle.objects), *charts) if _fixed_in(each)]
    there = _find_live(wanted, cluster)
    for each in wanted:
        if live := there.get(ref_of(each)):
            yield from _find_changes(each, live)


def _fixed_in(each: Object) -> list[str]:
    """Return the paths of an object that cannot change; of what it does not say only those that count as a whole."""
    paths = _FIXED.get((each["apiVersion"].rpartition("/")[0], each["kind"]), ())
    return [path for path in paths if path in _WHOLE or _at(each, path) is not None]


def _find_live(wanted: Sequence[Object], cluster: Cluster) -> dict[ObjectRef, Object]:
    """Return those that are there, asked for once a kind and namespace; none where their namespace is not there yet."""
    places = sorted({each["metadata"].get("namespace", "") for each in wanted} - {""})
    with ThreadPoolExecutor(8, thread_name_prefix="look") as pool:
        found = pool.map(lambda name: cluster.get(ObjectRef("v1", "Namespace", name)), places)
        known = {name for name, each in zip(places, found, strict=True) if each}
        asked = {(each["apiVersion"], each["kind"], each["metadata"].get("namespace", "")) for each in wanted}
        pairs = sorted(each for each in asked if each[2] in known or not each[2])
        lists = pool.map(lambda pair: _list(pair, wanted, cluster), pairs)
        return {ref_of(each): each for one in lists for each in one}


def _list(pair: tuple[str, str, str], wanted: Sequence[Object], cluster: Cluster) -> list[Object]:
    """Return the objects of a kind in a namespace; of the whole cluster only those that are wanted, none without the right."""
    api_version, kind, namespace = pair
    group, _, version = api_version.rpartition("/")
    try:
        if namespace:
            found = cluster.find(f"{kind}.{version}.{group}", namespace)
        else:
            refs = [ref_of(each) for each in wanted if (each["apiVersion"], each["kind"]) == pair[:2]]
            found = [each for each in cluster.read(refs) if each]
    except PlatinfraError as error:
        if {each.code for each in error.diagnostics} != {"cluster-forbidden"}:
            raise
        return []  # the server itself will say it
    return [{**each, "apiVersion": api_version, "kind": kind} for each in found]


def _find_changes(wanted: Object, live: Object) -> Iterator[Diagnostic]:
    for path in _fixed_in(wanted):
        now, then = _at(live, path), _at(wanted, path)
        if not (_same(then, now) if path in _WHOLE else _is_met(then, now)):
            message = f"`{path}` of the {ref_of(wanted)} would change, which Kubernetes refuses"
            hint = "undo the change, or delete the object first (what is in its volumes stays): " + _delete(wanted)
            yield Diagnostic("immutable-field", message, hint=hint)


def _delete(each: Object) -> str:
    ref = ref_of(each)
    place = f" --namespace {ref.namespace}" if ref.namespace else ""
    return f"`kubectl delete {ref.kind.lower()} {ref.name}{place}`"


def _at(each: Any, path: str) -> Any:
    for key in path.split("."):
        each = each.get(key) if isinstance(each, Mapping) else None
    return each


def _same(wanted: Any, live: Any) -> bool:
    return (wanted or None) == (live or None)


def _is_met(wanted: Any, live: Any, key: str = "") -> bool:
    """Tell whether what is there is what is wanted; the server leaves out zero values and fills in what is not said."""
    if isinstance(wanted, Mapping):
        there = live if isinstance(live, Mapping) else {}
        # A template whose volumes had a class and are to have none would have another one.
        keys = {*wanted, *({"storageClassName"} & there.keys() if "accessModes" in there else ())}
        return key == "resources" or all(_is_met(wanted.get(each), there.get(each), each) for each in keys)
    if isinstance(wanted, list):
        others = live if isinstance(live, list) else []
        # Others may add to the pods of a Job; to the volumes of a StatefulSet nobody adds.
        complete = bool(key) or len(wanted) == len(others)
        return complete and all(any(_is_met(one, other, "0") for other in others) for one in wanted)
    amount = parse(wanted)
    return wanted == live or (not wanted and not live) or (amount is not None and amount == parse(live))
