"""
What the graph asked a chart for, looked for in what the chart became.

A chart ignores a value that it does not know, without a word. So everything that matters is looked for afterwards: that
policies select its pods, that the pods use their account, that credentials are read, that consumers find the endpoint.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.diagnostics import Diagnostic
from platinfra.model.graph import Binding, Component
from platinfra.targets.kubernetes.bundle import Bundle, Release, Step
from platinfra.targets.kubernetes.facts import SIGN_IN, ClusterValues
from platinfra.targets.kubernetes.network import selectors
from platinfra.targets.kubernetes.pods import is_hook, templates
from platinfra.targets.kubernetes.routes import routes_of

Object = Mapping[str, Any]


def find_broken(bundle: Bundle, rendered: Mapping[str, Sequence[Object]]) -> Iterator[Diagnostic]:
    """Yield what the charts did not do; `rendered` is what the chart of each step became."""
    for step in bundle.steps:
        if step.release is not None and step.key in rendered:
            objects = [each for each in rendered[step.key] if not is_hook(each)]
            yield from _of_release(step, step.release, objects, bundle)
    for component in bundle.values.graph.components.values():
        own = [each for step in bundle.steps if step.component == component.name for each in _all(step, rendered)]
        if own:
            yield from _endpoints(component, own, bundle.values)
    yield from _find_misrouted(bundle)


def _all(step: Step, rendered: Mapping[str, Sequence[Object]]) -> Sequence[Object]:
    return rendered.get(step.key, ()) if step.release else step.objects


def _of_release(step: Step, release: Release, objects: Sequence[Object], bundle: Bundle) -> Iterator[Diagnostic]:
    if not objects:
        yield _problem(release, "it renders to nothing", "")
    if release.shared:
        return
    component = bundle.values.graph.components[step.component]
    yield from _find_unselected(component, release, objects, bundle.values)
    yield from _find_unidentified(component, release, objects, bundle.values)
    yield from _find_unread(component, release, objects, bundle.values)
    yield from _found_at(component, release, objects, bundle.values)


def _find_unselected(
    component: Component, release: Release, objects: Sequence[Object], values: ClusterValues
) -> Iterator[Diagnostic]:
    """Yield pods that no network policy of the component selects: nobody could reach them, nor they anybody."""
    wanted = selectors(component, values)
    for each, template in templates(objects):
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not any(selector.items() <= labels.items() for selector in wanted):
            name = f"{each['kind']} {each['metadata']['name']}"
            yield _problem(release, f"the pods of {name} have none of the labels that `charts.pods` promises", "")


def _find_unidentified(
    component: Component, release: Release, objects: Sequence[Object], values: ClusterValues
) -> Iterator[Diagnostic]:
    """Yield when a component with permissions has no pod that uses its account."""
    cloud = values.facts.place.cloud
    needs = bool(values.facts.recipe(component).rbac) or (cloud is not None and cloud.identifies(component))
    accounts = {template["spec"].get("serviceAccountName") for _, template in templates(objects)}
    # Operators make pods of their own from custom resources, which name the account themselves.
    mentioned = any(json.dumps(component.name) in json.dumps(each) for each in objects if "." in each["apiVersion"])
    if needs and component.name not in accounts and not mentioned:
        key = _where(release.values, component.name)
        yield _problem(release, f"no pod uses the service account `{component.name}`", key)


def _find_unread(
    component: Component, release: Release, objects: Sequence[Object], values: ClusterValues
) -> Iterator[Diagnostic]:
    """Yield the Secrets that the values name and nothing in the release reads."""
    names = [values.facts.secret_name(each) for each in values.graph.bindings_of(component.name)]
    names += [f"{component.name}-{each}" for each in values.facts.recipe(component).secrets]
    names += [str(values.attribute(each, "secret")) for each in _sign_ins(component, values)]
    texts = [json.dumps(each, default=str) for each in objects]
    for name in names:
        key = _where(release.values, name)
        if key and not any(json.dumps(name) in text for text in texts):
            yield _problem(release, f"nothing reads the Secret `{name}`", key)


def _found_at(
    component: Component, release: Release, objects: Sequence[Object], values: ClusterValues
) -> Iterator[Diagnostic]:
    """Yield when the values tell a tool its host and nothing in the release mentions it."""
    address = values.facts.address(component)
    key = next((_where(release.values, each) for each in (address, values.facts.route(component)) if each), "")
    if key and not any(str(values.facts.route(component)) in json.dumps(each, default=str) for each in objects):
        yield _problem(release, f"its address {address} is not set anywhere", key)


def _sign_ins(component: Component, values: ClusterValues) -> list[Binding]:
    return [each for each in values.graph.bindings_of(component.name) if each.capability == SIGN_IN]


def _find_misrouted(bundle: Bundle) -> Iterator[Diagnostic]:
    """Yield pages whose host leads elsewhere than the graph says, or past the stack's sign-in."""
    values, graph = bundle.values, bundle.values.graph
    backends = dict(_backends(bundle.objects))
    vouched = any(SIGN_IN in values.tool(each).provides for each in graph.components.values())
    for route in routes_of(values):
        name = next(name for name, each in values.tool(route.door).endpoints.items() if each.page)
        if backends.get(route.host) != values.facts.location(route.door, name)[0]:
            yield Diagnostic("route-breaks-promise", f"no route leads from `{route.host}` to `{route.door.name}`")
        if vouched and not _sign_ins(route.door, values):
            yield Diagnostic("route-breaks-promise", f"`{route.host}` leads to `{route.page}` without a sign-in")


def _backends(objects: Sequence[Object]) -> Iterator[tuple[str, str]]:
    """Yield the hosts of routes and Ingresses with the Service that each leads to."""
    for each in objects:
        for rule in each["spec"]["rules"] if each["kind"] in {"HTTPRoute", "Ingress"} else ():
            for backend in rule.get("backendRefs", ()):
                yield from ((host, backend["name"]) for host in each["spec"]["hostnames"])
            for path in rule.get("http", {}).get("paths", ()):
                yield rule["host"], path["backend"]["service"]["name"]


def _endpoints(component: Component, objects: Sequence[Object], values: ClusterValues) -> Iterator[Diagnostic]:
    """Yield endpoints that consumers are told of and that no Service offers."""
    ports = {
        (each["metadata"]["name"], port["port"])
        for each in objects
        if each["kind"] == "Service"
        for port in each["spec"].get("ports", [])
    }
    recipe = values.facts.recipe(component)
    kinds = {kind for chart in recipe.charts.values() for kind in chart.kinds}
    made_by_operators = bool(recipe.pods or recipe.jobs) or any(
        f"{each['apiVersion']}/{each['kind']}" in kinds for each in objects
    )
    wired = {name for each in values.graph.bindings_to(component.name) for name in values.facts.endpoints_of(each)}
    for name in wired:
        host, port, _ = values.facts.location(component, name)
        if "." not in host and (host, port) not in ports and not made_by_operators and ports:
            offered = ", ".join(f"{service}:{number}" for service, number in sorted(ports))
            message = f"`{component.name}` should have its endpoint `{name}` at {host}:{port}, but no Service is there"
            yield Diagnostic("chart-breaks-promise", message, hint=f"Services of the chart: {offered}")


def _where(values: Any, text: str, path: str = "") -> str:
    """Return the path of the value that holds a text; an empty one when none does."""
    match values:
        case Mapping():
            found = (_where(each, text, f"{path}.{key}") for key, each in values.items())
        case list():
            found = (_where(each, text, f"{path}[{number}]") for number, each in enumerate(values))
        case _:
            return path.removeprefix(".") if values == text else ""
    return next((each for each in found if each), "")


def _problem(release: Release, what: str, key: str) -> Diagnostic:
    value = f" (value `{key}`)" if key else ""
    chart = f"the chart {release.chart} {release.version} of `{release.name}`"
    hint = "the chart changed; choose the version that the catalog names"
    return Diagnostic("chart-breaks-promise", f"{chart} does not render as expected: {what}{value}", hint=hint)
