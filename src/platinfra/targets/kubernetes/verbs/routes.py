"""What keeps routes from working in a certain cluster, asked before anything is changed."""

from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.diagnostics import Diagnostic, join_names
from platinfra.model.cluster import Cluster, ObjectRef, ref_of
from platinfra.sections.routes import Routes
from platinfra.targets.kubernetes.bundle import ROUTES, Bundle
from platinfra.targets.kubernetes.credentials import copied_secrets
from platinfra.targets.kubernetes.place import PART_OF
from platinfra.targets.kubernetes.routes import CONTROLLER, given_secrets, routes_of
from platinfra.targets.kubernetes.users import plural

_API = "gateway.networking.k8s.io/v1"
_CERTIFICATE = "cert-manager.io/v1/Certificate"

Object = Mapping[str, Any]


def conflicts(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield what people's own Secrets, routes and sign-in lack in the cluster, and hosts that others use."""
    yield from _secrets(bundle, cluster)
    routes, found = bundle.place.deployment.routes, routes_of(bundle.values)
    if routes is None or not found:
        return
    yield from _not_allowed(bundle, cluster)
    missing = list(_kinds(bundle, cluster))
    yield from missing
    if not missing:
        yield from _find_missing(bundle, routes, cluster)
        if routes.gateway is not None:
            yield from _existing_gateway(bundle, routes, routes.gateway, cluster)
        if routes.elsewhere is None:
            yield from _second_controller(cluster)
    yield from _find_taken({each.host: each.page for each in found}, bundle, cluster)


def find_waiting(bundle: Bundle, cluster: Cluster) -> Iterator[str]:
    """Yield the hosts that have no certificate yet, with what cert-manager says of each."""
    namespace = bundle.place.namespace
    reasons = {
        each["spec"]["dnsName"]: str(each.get("status", {}).get("reason") or "")
        for each in cluster.find("challenges.acme.cert-manager.io", namespace)
    }
    for each in bundle.objects:
        if each["kind"] == "Certificate":
            there = cluster.get(ref_of(each)) or {}
            ready = _ready(there)
            if ready.get("status") != "True":
                (host,) = each["spec"]["dnsNames"]
                why = reasons.get(host) or ready.get("message") or "cert-manager has not looked at it yet"
                yield f"no certificate yet for {host}: {why}"


def _ready(certificate: Object) -> Mapping[str, Any]:
    conditions = (certificate.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == "Ready"), {})


def _secrets(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield Secrets that people have to make themselves and did not, or not with all entries."""
    namespace = bundle.place.namespace
    for name, keys in {**copied_secrets(bundle.values), **given_secrets(bundle.values)}.items():
        there = cluster.get(ObjectRef("v1", "Secret", name, namespace))
        lacking = sorted(keys - ((there or {}).get("data") or {}).keys())
        if lacking:
            what = f"has no {join_names(lacking)}" if there else "does not exist"
            tls = "tls.key" in keys
            kind = "tls" if tls else "generic"
            given = "--cert=FILE --key=FILE" if tls else " ".join(f"--from-literal={each}=…" for each in sorted(keys))
            hint = (
                f"where the namespace is not there yet, `kubectl create namespace {namespace}` and `kubectl label namespace"
                f" {namespace} {PART_OF}={namespace}`; then `kubectl create secret {kind} {name} --namespace {namespace} {given}`"
            )
            yield Diagnostic("missing-secret", f"the Secret `{name}` in the stack's namespace {what}", hint=hint)


def _not_allowed(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield what this account may not make of the routes: rights to them are seldom part of the usual ones."""
    step = next(each for each in bundle.steps if each.key == ROUTES)
    for kind, group in sorted({(each["kind"], each["apiVersion"].partition("/")[0]) for each in step.objects}):
        name = plural(kind)
        where = None if kind == "GatewayClass" else bundle.place.namespace
        if not cluster.can_i("patch", f"{name}.{group}", where):
            hint = "ask the cluster's administrator, or choose another context"
            yield Diagnostic("cluster-denied", f"this account may not patch {name}", hint=hint)


def _kinds(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield when the cluster does not know what the routes are made of."""
    known = cluster.api_resources() | bundle.kinds
    step = next(each for each in bundle.steps if each.key == ROUTES)
    wanted = {f"{each['apiVersion']}/{each['kind']}" for each in step.objects} - known
    if absent := sorted(each for each in wanted if each.startswith(_API)):
        kinds = join_names(each.rpartition("/")[2] for each in absent)
        hint = "remove `gateway` and `gateway-class`, so that Envoy Gateway installs it; or set `ingress-class`"
        yield Diagnostic("missing-gateway-api", f"the cluster has no Gateway API v1: it lacks {kinds}", hint=hint)
    if _CERTIFICATE in wanted:
        hint = "install cert-manager, or give a certificate: `tls: {secret: NAME}`"
        yield Diagnostic("missing-issuer", "the cluster has no cert-manager to issue certificates", hint=hint)


def _find_missing(bundle: Bundle, routes: Routes, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield classes, issuers and namespaces that the file names and the cluster has not."""
    wanted: list[tuple[str, ObjectRef]] = []
    if routes.gateway_class:
        wanted.append(("missing-gateway", ObjectRef(_API, "GatewayClass", routes.gateway_class)))
    if routes.ingress_class:
        wanted.append(("missing-gateway", ObjectRef("networking.k8s.io/v1", "IngressClass", routes.ingress_class)))
    if routes.from_namespace:
        wanted.append(("missing-gateway", ObjectRef("v1", "Namespace", routes.from_namespace)))
    if routes.tls and routes.tls.issuer:
        kind = routes.tls.issuer_kind
        where = bundle.place.namespace if kind == "Issuer" else ""
        wanted.append(("missing-issuer", ObjectRef("cert-manager.io/v1", kind, routes.tls.issuer, where)))
    brought = {ref_of(each) for each in bundle.objects}
    for slug, ref in wanted:
        if ref not in brought and _may(bundle, cluster, "get", ref) and cluster.get(ref) is None:
            message = f"`routes` names the {ref.kind} `{ref.name}`, which the cluster does not have"
            yield Diagnostic(slug, message, hint=f"`kubectl get {ref.kind.lower()}` lists them")


def _existing_gateway(bundle: Bundle, routes: Routes, name: str, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield when the named Gateway is not there, or has no listener that takes a host."""
    namespace, _, last = name.partition("/")
    ref = ObjectRef(_API, "Gateway", last, namespace)
    if not _may(bundle, cluster, "get", ref):
        return
    found = cluster.get(ref)
    if found is None:
        hint = "`kubectl get gateway --all-namespaces` lists them"
        yield Diagnostic("missing-gateway", f"the cluster has no Gateway `{name}`", hint=hint)
        return
    for route in routes_of(bundle.values):
        protocol = "HTTPS" if routes.is_https(route.host) else "HTTP"
        same = namespace == bundle.place.namespace
        if not any(_takes(each, protocol, route.host, same=same) for each in found["spec"]["listeners"]):
            message = f"the Gateway `{name}` has no {protocol} listener that allows `{route.host}` from this namespace"
            hint = "add one, allow the namespace in `allowedRoutes` of one, or remove `gateway`"
            yield Diagnostic("missing-gateway", message, hint=hint)


def _takes(listener: Object, protocol: str, host: str, *, same: bool) -> bool:
    """Tell whether a listener takes routes of a host; whom a selector admits is not judged."""
    pattern = listener.get("hostname") or host
    matches = host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
    source = listener.get("allowedRoutes", {}).get("namespaces", {}).get("from", "Same")
    return bool(listener["protocol"] == protocol and matches and (source in {"All", "Selector"} or same))


def _second_controller(cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield when somebody else's Envoy Gateway is there: two controllers would fight over the same classes."""
    for each in cluster.find("gatewayclasses.gateway.networking.k8s.io"):
        labels = each["metadata"].get("labels") or {}
        if each["spec"]["controllerName"] == CONTROLLER and PART_OF not in labels:
            name = each["metadata"]["name"]
            hint = f"use it: `gateway-class: {name}`, with `from-namespace`"
            yield Diagnostic(
                "second-gateway", "the cluster has an Envoy Gateway that platinfra did not install", hint=hint
            )
            return


def _find_taken(hosts: Mapping[str, str], bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield hosts that routes or Ingresses outside this stack use already."""
    routes, ingresses = ObjectRef(_API, "HTTPRoute", ""), ObjectRef("networking.k8s.io/v1", "Ingress", "")
    kinds = [_resource(each) for each in (routes, ingresses) if _may(bundle, cluster, "list", each)]
    for each in (found for kind in kinds for found in cluster.find(kind)):
        if _is_ours(each, bundle):
            continue
        for host in sorted(_hosts(each) & hosts.keys()):
            owner = f"{each['kind']} {each['metadata']['namespace']}/{each['metadata']['name']}"
            hint = f"give the page another host: `routes: {{hosts: {{{hosts[host]}: …}}}}`"
            yield Diagnostic("host-taken", f"`{host}` of `{hosts[host]}` already belongs to {owner}", hint=hint)


def _may(bundle: Bundle, cluster: Cluster, verb: str, ref: ObjectRef) -> bool:
    """Tell whether to look outside the namespace: whoever has nothing else need not be allowed to."""
    return not bundle.place.is_confined or cluster.can_i(verb, _resource(ref), ref.namespace or None)


def _resource(ref: ObjectRef) -> str:
    group = ref.api_version.rpartition("/")[0]
    return f"{plural(ref.kind)}.{group}" if group else plural(ref.kind)


def _hosts(each: Object) -> set[str]:
    rules = each["spec"].get("rules") or []
    return {*each["spec"].get("hostnames", []), *(rule["host"] for rule in rules if "host" in rule)}


def _is_ours(each: Object, bundle: Bundle) -> bool:
    meta, namespace = each["metadata"], bundle.place.namespace
    labels = meta.get("labels") or {}
    return bool(meta.get("namespace") == namespace and labels.get(PART_OF) == namespace)
