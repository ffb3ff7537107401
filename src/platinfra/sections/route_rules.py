"""Rules of `deployment.routes` that no schema can say."""

import re
from collections.abc import Callable, Iterator

from platinfra.diagnostics import Diagnostic, Span
from platinfra.sections.routes import Routes

Where = Callable[..., Span | None]
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ADDRESS = re.compile(r"[0-9.]+")
_OBJECT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_MAX_HOST = 253
_ALONE = (("gateway", "gateway_class"), ("gateway", "ingress_class"), ("gateway_class", "ingress_class"))


def route_problems(routes: Routes, where: Where, *, schemes: bool = False) -> Iterator[Diagnostic]:
    """
    Yield what is wrong with routes by themselves; `where` finds the place of a key below `routes`.

    `schemes` tells whether the target knows load balancers inside a network, and others.
    """
    yield from _hosts(routes, where)
    yield from _ways(routes, where)
    yield from _balancer(routes, where, schemes=schemes)
    yield from _tls(routes, where)


def _hosts(routes: Routes, where: Where) -> Iterator[Diagnostic]:
    if routes.domain is None and not routes.hosts:
        hint = "write `domain: ml.example.org`, or `hosts: {mlflow: mlflow.example.org}`"
        yield Diagnostic("routes-incomplete", "`routes` has no host", where(key=True), hint)
    named: dict[tuple[str, ...], str] = {("domain",): routes.domain} if routes.domain is not None else {}
    named |= {("hosts", component): host for component, host in routes.hosts.items()}
    seen: dict[str, str] = {}
    for path, host in named.items():
        if not _HOST.fullmatch(host) or len(host) > _MAX_HOST or _ADDRESS.fullmatch(host):
            hint = "lower-case labels of letters, digits and dashes with dots between them, such as ml.example.org"
            yield Diagnostic("invalid-host", f"`{host}` is not a host name", where(*path), hint)
        elif path[0] == "hosts" and host in seen:
            message = f"`{host}` would be the host of `{seen[host]}` and of `{path[1]}`"
            yield Diagnostic("host-twice", message, where(*path), "give one of them another host")
        if path[0] == "hosts":
            seen.setdefault(host, path[1])


def _ways(routes: Routes, where: Where) -> Iterator[Diagnostic]:
    for one, other in _ALONE:
        if getattr(routes, one) is not None and getattr(routes, other) is not None:
            shown = other.replace("_", "-")
            message = f"`{one.replace('_', '-')}` and `{shown}` exclude each other"
            yield Diagnostic("routes-conflict", message, where(other, key=True), f"remove `{shown}`, or the other one")
    if routes.gateway is not None:
        namespace, _, name = routes.gateway.partition("/")
        if not (_OBJECT.fullmatch(namespace) and _OBJECT.fullmatch(name)):
            message, hint = f"`{routes.gateway}` does not name a Gateway", "write NAMESPACE/NAME, such as infra/shared"
            yield Diagnostic("wrong-format", message, where("gateway"), hint)
    if (key := routes.elsewhere) is not None and routes.from_namespace is None:
        message = f"with `{key.replace('_', '-')}`, `from-namespace` is required"
        hint = (
            "write `from-namespace:` with the namespace of the controller's pods, so that network policies let them in"
        )
        yield Diagnostic("routes-incomplete", message, where(key, key=True), hint)
    if key is None and routes.from_namespace is not None:
        message = "`from-namespace` has no effect here: Envoy Gateway is part of the stack"
        hint = "remove it, or name the `gateway`, `gateway-class` or `ingress-class` that the cluster has"
        yield Diagnostic("routes-conflict", message, where("from_namespace", key=True), hint)


def _balancer(routes: Routes, where: Where, *, schemes: bool) -> Iterator[Diagnostic]:
    if routes.scheme is not None and not schemes:
        message, hint = "`scheme` belongs to `provider: {name: aws}`", "remove it; `allow` limits who is let in"
        yield Diagnostic("setting-of-another-target", message, where("scheme", key=True), hint)
    for key in ("scheme", "allow"):
        if getattr(routes, key) and routes.elsewhere is not None:
            message = f"`{key}` has no effect here: the cluster's own gateway or controller has the load balancer"
            yield Diagnostic(
                "routes-conflict",
                message,
                where(key, key=True),
                f"remove it, or `{routes.elsewhere.replace('_', '-')}`",
            )
    for index, each in enumerate(routes.allow):
        if not is_range(each):
            message, hint = f"`{each}` is not a range of IPv4 addresses", "such as 203.0.113.0/24"
            yield Diagnostic("invalid-cidr", message, where("allow", index), hint)


def is_range(text: str) -> bool:
    """Tell whether a text is a range of IPv4 addresses, written by its first one."""
    from ipaddress import AddressValueError, IPv4Network, NetmaskValueError  # start-up time

    try:
        return bool(IPv4Network(text))
    except (AddressValueError, NetmaskValueError, ValueError):
        return False


def _tls(routes: Routes, where: Where) -> Iterator[Diagnostic]:
    if routes.tls is None:
        return
    given = [each for each in (routes.tls.secret, routes.tls.issuer) if each is not None]
    if len(given) != 1:
        message = "`tls` names a `secret` and an `issuer`" if given else "`tls` names neither `secret` nor `issuer`"
        hint = "write `tls: {secret: NAME}` for a certificate you have, or `tls: {issuer: NAME}` for cert-manager"
        yield Diagnostic("routes-conflict" if given else "routes-incomplete", message, where("tls", key=True), hint)
    if routes.gateway is not None:
        message = f"the Gateway `{routes.gateway}` has its own certificates"
        yield Diagnostic("routes-conflict", message, where("tls", key=True), "remove `tls`, or `gateway`")
