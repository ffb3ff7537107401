"""Which pages get a host, which of them a proxy that asks who somebody is, and what leads there."""

from collections.abc import Iterator, Mapping

from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.resolve.components import Member
from platinfra.resolve.environment import Chosen
from platinfra.sections.routes import Routes, is_local

GATEWAY = "gateway"
"""The capability of what carries traffic."""
PAGE = "page"
"""The capability of every tool that has an endpoint with a page."""
PAGES = "pages"
"""The requirement of what carries traffic."""
SIGN_IN = "sign_in"
EXISTING = "existing_gateway"
"""The capability of what stands for a gateway or ingress controller that the cluster has already."""

Members = Mapping[str, Member]


def hosts(members: Members, chosen: Chosen) -> dict[str, str]:
    """Return the components whose pages have a host, with it."""
    routes = chosen.routes
    if routes is None or "cluster" not in chosen.ground.places:
        return {}
    pages = (name for name, each in members.items() if _is_page(each))
    found = ((name, routes.host_of(name)) for name in pages)
    return {name: host for name, host in found if host}


def proxies(members: Members, chosen: Chosen, catalog: Catalog) -> list[Member]:
    """Return the proxies that stand before pages whose tools cannot ask the stack's sign-in themselves."""
    proxy = catalog.capability(SIGN_IN).proxy
    if len(_vouchers(members)) != 1 or proxy is None:
        return []
    tool = catalog.get(proxy)
    return [
        Member(
            _free(f"{name}-sign-in", members), tool, "cluster", members[name].span, reason, bind={PAGE: (name, None)}
        )
        for name in hosts(members, chosen)
        if not any(each.capability == SIGN_IN for each in members[name].tool.requires.values())
        for reason in [f"`{name}` cannot use the stack's sign-in itself"]
    ]


def _free(name: str, members: Members) -> str:
    """Return a name that no component has yet."""
    return name if name not in members else _free(f"{name}-proxy", members)


def doors(members: Members, chosen: Chosen) -> dict[str, str]:
    """Return the components that traffic is led to, with the host: the proxy of a page, or the page itself."""
    before = {each.bind[PAGE][0]: name for name, each in members.items() if _is_proxy(each) and PAGE in each.bind}
    return {before.get(name, name): host for name, host in hosts(members, chosen).items()}


def carrier(chosen: Chosen) -> tuple[str, str]:
    """Return the capability of what carries the traffic, and why that one."""
    routes = chosen.routes
    if routes is not None and (key := routes.elsewhere):
        return EXISTING, f"`{key.replace('_', '-')}` names what the cluster has"
    return GATEWAY, f"the default gateway of `{chosen.target}`"


def problems(members: Members, chosen: Chosen) -> Iterator[Diagnostic]:
    """Yield what is wrong with routes in view of the stack's components."""
    yield from _too_many(members)
    routes = chosen.routes
    if routes is None:
        return
    yield from _find_unknown(members, chosen, routes)
    yield from _same_host(members, chosen, routes)
    open_hosts = [host for host in hosts(members, chosen).values() if not routes.is_https(host) and not is_local(host)]
    if _vouchers(members) and open_hosts:
        hint = "write `tls: {secret: NAME}` or `tls: {issuer: NAME}`; only hosts under `.localhost` need none"
        message = f"signing in to {join_names(open_hosts)} without TLS would expose sessions to the network"
        yield Diagnostic("sign-in-without-tls", message, _span(chosen, key=True), hint)


def open_pages(members: Members, chosen: Chosen) -> Iterator[Diagnostic]:
    """Yield a warning for pages with hosts and no sign-in."""
    found = hosts(members, chosen)
    if found and not _vouchers(members):
        message = f"these pages have no sign-in in front of them: {join_names(found)}"
        hint = "add a stage: `sign_in: [github]` or `sign_in: [oidc]`"
        yield Diagnostic("open-pages", message, _span(chosen, key=True), hint, "warning")


def _find_unknown(members: Members, chosen: Chosen, routes: Routes) -> Iterator[Diagnostic]:
    pages = [name for name, each in members.items() if _is_page(each)]
    for written in routes.hosts:
        name, span = canonical_tool(written), _span(chosen, "hosts", written, key=True)
        if name in _left_out(members, chosen):
            continue
        if name not in members:
            hint = did_you_mean(written, pages) or f"components with a page: {join_names(pages) or 'none'}"
            yield Diagnostic("unknown-component", f"`{written}` is not a component of the stack", span, hint)
        elif name not in pages:
            hint = f"components with a page: {join_names(pages) or 'none'}"
            yield Diagnostic("no-page", f"`{name}` has no page", span, hint)


def _left_out(members: Members, chosen: Chosen) -> set[str]:
    """Return the components that the file names and `--without` leaves out."""
    named = {use.options.as_ or canonical_tool(use.tool) for uses in chosen.file.stack.values() for use in uses}
    return named - members.keys()


def _same_host(members: Members, chosen: Chosen, routes: Routes) -> Iterator[Diagnostic]:
    """Yield hosts of `hosts` that another component has through `domain`; twice in `hosts` is a rule of the file."""
    found = hosts(members, chosen)
    own = {canonical_tool(written): written for written in routes.hosts}
    for name in own.keys() & found.keys():
        others = [each for each, host in found.items() if host == found[name] and each not in own]
        if others:
            message = f"`{found[name]}` would be the host of `{others[0]}` and of `{name}`"
            span = _span(chosen, "hosts", own[name])
            yield Diagnostic("host-twice", message, span, "give one of them another host")


def _too_many(members: Members) -> Iterator[Diagnostic]:
    vouchers = _vouchers(members)
    if len(vouchers) > 1:
        message = f"more than one tool for sign-in: {join_names(each.name for each in vouchers)}"
        yield Diagnostic("several-sign-ins", message, vouchers[1].span, "keep one of them")


def _vouchers(members: Members) -> list[Member]:
    return [each for each in members.values() if SIGN_IN in each.tool.provides]


def _is_proxy(member: Member) -> bool:
    """Tell whether a tool stands before the page of another, with the stack's sign-in."""
    return {PAGE, SIGN_IN} <= {each.capability for each in member.tool.requires.values()}


def _is_page(member: Member) -> bool:
    """Tell whether a component has a page of its own, and not only that of another one."""
    return PAGE in member.tool.capabilities_in(member.place) and not _is_proxy(member)


def _span(chosen: Chosen, *path: str, key: bool = False) -> Span | None:
    return chosen.destination.where("deployment", "routes", *path, key=key)
