"""What in the cluster is no longer as it was applied: fields that differ, objects that are gone or that nobody asked for."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.model.cluster import Cluster, Invented, Object, ObjectRef, Release, ref_of
from platinfra.model.drift import Drift
from platinfra.model.record import Record
from platinfra.targets.kubernetes.place import MANAGED_BY
from platinfra.targets.kubernetes.pods import is_any_hook
from platinfra.targets.kubernetes.rules.quantities import parse

HIDDEN = "(secret)"
_POLICIES = ("networkpolicies.networking.k8s.io",)
_ROLES = ("roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io")
"""Kinds of which nobody may add one: they open what the wires leave closed."""
_WHOLE = frozenset({"data", "matchLabels", "podSelector"})
"""Mappings in which another key means something else."""
_MERGED = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "ports": "name",
}
"""Lists that the server merges, with what tells their elements apart."""
_OF_THE_SERVER = frozenset({"status"})


def of_objects(
    component: str, objects: Sequence[Object], cluster: Cluster, manager: str | None = None
) -> Iterator[Drift]:
    """
    Yield how objects differ from what was applied as `manager`; what is in no way part of that may be added by the server.

    What looks different counts only if the server would make something else of it: it fills in what is not said, leaves out
    what is zero, and writes values its own way.
    """
    lives = cluster.read([ref_of(each) for each in objects])
    wanted = [_settle(each, _readable(live)) if live else each for each, live in zip(objects, lives, strict=True)]
    found = [list(_drifts(component, each, live)) for each, live in zip(wanted, lives, strict=True)]
    numbers = [number for number, live in enumerate(lives) if live and any(each.restored for each in found[number])]
    real = cluster.diff([wanted[number] for number in numbers], force=True, manager=manager)
    only_looks = {number for number, each in zip(numbers, real, strict=True) if each.change == "unchanged"}
    for number, drifts in enumerate(found):
        yield from (each for each in drifts if number not in only_looks or not each.restored)


def of_release(
    component: str, release: Release, objects: Sequence[Object], cluster: Cluster, manager: str
) -> Iterator[Drift]:
    """Yield how the objects of a release differ from what its chart says, which Helm owns as `manager`; hooks come and go."""
    kept = [_as_installed(each, release) for each in objects if not is_any_hook(each)]
    yield from of_objects(component, kept, cluster, manager)


def _drifts(component: str, wanted: Object, live: Object | None) -> Iterator[Drift]:
    ref = ref_of(wanted)
    if live is None:
        yield Drift(component, str(ref), "", "exists", None)
        return
    hidden = ref.kind == "Secret"
    for path, before, after in _differences(_comparable(wanted), _comparable(live), ""):
        restored = not _only_added(ref.kind, path, before, after)
        shown, now = (HIDDEN, HIDDEN) if hidden else (before, after)
        yield Drift(component, str(ref), path, shown, now, restored)


def _settle(wanted: Any, live: Any) -> Any:
    """Return what is wanted, with what a chart only invents as it is in the cluster."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {key: _settle(each, live.get(key)) for key, each in wanted.items()}
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return [_settle(one, other) for one, other in zip(wanted, live, strict=True)]
    return live if isinstance(wanted, Invented) and live is not None else wanted


def _readable(live: Object) -> Object:
    """Return an object as it may have been written: a Secret has `stringData` too."""
    if live.get("kind") != "Secret":
        return live
    text = {key: base64.b64decode(each).decode(errors="replace") for key, each in live.get("data", {}).items()}
    return {**live, "stringData": text}


def _as_installed(each: Object, release: Release) -> Object:
    """Return an object with what Helm writes on it, whatever the chart says there."""
    meta = each["metadata"]
    marks = {"meta.helm.sh/release-name": release.name, "meta.helm.sh/release-namespace": release.namespace}
    labels = {**(meta.get("labels") or {}), MANAGED_BY: "Helm"}
    annotations = {**(meta.get("annotations") or {}), **marks}
    return {**each, "metadata": {**meta, "labels": labels, "annotations": annotations}}


def find_added(wanted: set[ObjectRef], namespace: str, cluster: Cluster, *, roles: bool = True) -> Iterator[Drift]:
    """Yield policies of the namespace that nobody asked for; and `roles`, unless it is up to others who may do what there."""
    named = {(each.kind, each.name) for each in wanted}
    for resource in (*_POLICIES, *(_ROLES if roles else ())):
        for each in cluster.find(resource, namespace):
            ref = ref_of(each)
            controlled = any(owner.get("controller") for owner in each["metadata"].get("ownerReferences", []))
            if (ref.kind, ref.name) not in named and not controlled:
                yield Drift("stack", str(ref), "", None, "exists", restored=False)


def applied_objects(record: Record) -> set[ObjectRef]:
    """Return the objects of ours that are recorded as applied, whatever the file says by now."""
    found = (
        each for action in record.applied.values() if action.kind == "objects" for each in action.record["objects"]
    )
    return {ObjectRef(*each["ref"]) for each in found}


def _only_added(kind: str, path: str, wanted: Any, live: Any) -> bool:
    """
    Tell whether somebody only added entries beside ours, which applying ours again leaves alone.

    That is so where the server merges by key: entries of ConfigMaps and Secrets, and the lists in `_MERGED` of pods and
    Services. What it takes as a whole, such as the rules of a policy, is put back.
    """
    if path.startswith("data."):
        return wanted is None
    key = _MERGED.get(path.rpartition(".")[2])
    if (
        key is None
        or kind == "NetworkPolicy"
        or not isinstance(live, list)
        or not all(isinstance(each, Mapping) for each in live)
    ):
        return False
    ours = {each.get(key) for each in wanted or ()}
    kept = [each for each in live if each.get(key) in ours]
    return len(kept) < len(live) and not any(True for _ in _differences(wanted or [], kept, ""))


def _comparable(each: Object) -> dict[str, Any]:
    content = {key: value for key, value in each.items() if key not in {*_OF_THE_SERVER, "metadata", "stringData"}}
    if "stringData" in each:
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in each["stringData"].items()}
        content["data"] = {**content.get("data", {}), **encoded}
    return {**content, "labels": each["metadata"].get("labels", {})}


def _differences(wanted: Any, live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        keys = {*wanted, *live} if path.rpartition(".")[2] in _WHOLE else wanted
        for key in sorted(keys):
            if wanted.get(key) is not None or key in live:
                yield from _differences(wanted.get(key), live.get(key), f"{path}.{key}" if path else key)
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        for number, (one, other) in enumerate(zip(wanted, live, strict=True)):
            yield from _differences(one, other, f"{path}[{number}]")
    elif not _same(wanted, live):
        yield path, wanted, live


def _same(wanted: Any, live: Any) -> bool:
    """Tell whether two values mean the same: the server leaves out what is empty and writes quantities its own way."""
    if wanted == live or (not wanted and wanted is not False and wanted != 0 and not live):
        return True
    amount = parse(wanted)
    return amount is not None and amount == parse(live)
