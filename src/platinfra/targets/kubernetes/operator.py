"""What whoever runs `plan`, `up` and `down` has to be allowed in a cluster: no more than a stack's own objects need."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from platinfra.diagnostics import Diagnostic
from platinfra.model.cluster import Cluster, Object
from platinfra.targets.kubernetes.bundle import Bundle, Rendered
from platinfra.targets.kubernetes.confined import contents_of
from platinfra.targets.kubernetes.users import plural

_OWN = ("get", "list", "create", "patch", "update", "delete")
"""What is done with objects of a stack; Helm updates its records and what it installed before."""
_LOOK = ("get", "list")
_EMPTY = ("get", "list", "delete")
_LOOKED_AT = (
    ("", "pods"),
    ("", "pods/log"),
    ("", "events"),
    ("", "persistentvolumeclaims"),
    ("apps", "replicasets"),
    ("networking.k8s.io", "networkpolicies"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
)
"""What is asked why something is not ready, by `status` and `logs`, and by `drift`: what opens more than the wires do."""
_LOOKED_AT_EVERYWHERE = (("", "nodes"), ("", "namespaces"), ("storage.k8s.io", "storageclasses"))
_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Access:
    """Verbs on the objects of a kind."""

    namespace: str
    """Empty for the whole cluster."""
    group: str
    resource: str
    """Plural, such as `deployments`."""
    verbs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Return the kind as people name it: `deployments.apps`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def needs(bundle: Bundle, rendered: Rendered) -> list[Access]:
    """Return what `plan`, `up` and `down` of a stack do, kind by kind; those of the whole cluster first."""
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    if bundle.place.is_confined:
        found |= _needs_inside(bundle)
    else:
        found |= {("", group, resource): _LOOK for group, resource in _LOOKED_AT_EVERYWHERE}
        found["", "", "namespaces"] = _OWN
    for namespace in [bundle.place.namespace, *_namespaces(bundle)]:
        found[namespace, "", "secrets"] = _OWN  # Helm's records of releases
        for group, resource in _LOOKED_AT:
            found.setdefault((namespace, group, resource), _LOOK)
    if any(each.shared for each in bundle.releases):
        found["", *_DEFINITIONS] = _OWN
    for group, _, kind in (each.split("/") for release in bundle.releases if release.shared for each in release.kinds):
        found["", group, plural(kind)] = _LOOK  # an operator goes when nobody uses what it brought
    if any(each["kind"] == "Gateway" for each in bundle.objects) and not bundle.place.is_confined:
        found["", "", "services"] = _LOOK  # `down` waits for the load balancers of gateways
    if any(each["kind"] == "Certificate" for each in bundle.objects):
        found[bundle.place.namespace, "acme.cert-manager.io", "challenges"] = _LOOK  # why there is no certificate yet
    for each in _objects(bundle, rendered):
        group = each["apiVersion"].rpartition("/")[0]
        found[each["metadata"].get("namespace", ""), group, plural(each["kind"])] = _OWN
    return [Access(*where, verbs) for where, verbs in sorted(found.items())]


def _needs_inside(bundle: Bundle) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return what a namespace of somebody else asks for: to see it, and to empty it instead of deleting it."""
    own = bundle.place.namespace
    contents = (each.split("/") for each in contents_of(bundle))
    emptied = {(own, "/".join(parts[:-2]), plural(parts[-1])): _EMPTY for parts in contents}
    return {**emptied, (own, "", "namespaces"): ("get",)}


def missing(wanted: Sequence[Access], cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield one diagnostic with everything that this account may not do; nothing is tried for that."""
    asked = [(each, verb) for each in wanted for verb in each.verbs]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        allowed = list(pool.map(lambda one: cluster.can_i(one[1], one[0].kind, one[0].namespace or None), asked))
    denied: dict[Access, list[str]] = {}
    for (each, verb), may in zip(asked, allowed, strict=True):
        if not may:
            denied.setdefault(each, []).append(verb)
    if denied:
        lines = tuple(
            f"{', '.join(verbs)} {each.kind}{f' in `{each.namespace}`' if each.namespace else ''}"
            for each, verbs in denied.items()
        )
        message = f"this account lacks permissions in the cluster, {len(lines)} in all"
        hint = "`platinfra permissions --operator` prints the roles that whoever administers the cluster can give you"
        yield Diagnostic("cluster-denied", message, hint=hint, details=lines)


def roles(bundle: Bundle, rendered: Rendered) -> list[Object]:
    """Return the roles with what is needed: a ClusterRole, and a Role in each namespace; nobody is bound to them."""
    found = [(each.namespace, _rule(each)) for each in needs(bundle, rendered)]
    found += [pair for each in _objects(bundle, rendered) for pair in _handed_on(each)]
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for namespace, rule in found:
        if rule not in rules.setdefault(namespace, []):
            rules[namespace].append(rule)
    name = f"platinfra-{bundle.place.namespace}"
    return [_role(name, namespace, rules[namespace]) for namespace in sorted(rules)]


def _rule(each: Access) -> Mapping[str, Any]:
    return {"apiGroups": [each.group], "resources": [each.resource], "verbs": list(each.verbs)}


def _handed_on(each: Object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a role or a binding gives to others: https://kubernetes.io/docs/reference/access-authn-authz/rbac asks for it."""
    namespace = each["metadata"].get("namespace", "")
    if each["kind"] in {"Role", "ClusterRole"}:
        yield from ((namespace, rule) for rule in each.get("rules") or ())
    if each["kind"] in {"RoleBinding", "ClusterRoleBinding"}:
        role = each["roleRef"]
        bound = {"resources": [plural(role["kind"])], "resourceNames": [role["name"]], "verbs": ["bind"]}
        yield namespace, {"apiGroups": ["rbac.authorization.k8s.io"], **bound}


def _role(name: str, namespace: str, rules: Sequence[Mapping[str, Any]]) -> Object:
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": {"name": name, **place},
        "rules": list(rules),
    }


def _objects(bundle: Bundle, rendered: Rendered) -> Iterator[Object]:
    yield from bundle.objects
    for objects in rendered.values():
        yield from objects


def _namespaces(bundle: Bundle) -> Iterator[str]:
    """Yield the namespaces of releases that serve the whole cluster."""
    yield from dict.fromkeys(each.namespace for each in bundle.releases if each.shared)
