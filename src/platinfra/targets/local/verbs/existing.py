"""Servers that are there already: take over what people give for them, and look whether they answer as they have to."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.existing import ExistingServer, Version
from platinfra.diagnostics import Diagnostic
from platinfra.model.graph import Component, Graph
from platinfra.model.ports import Answer
from platinfra.model.versions import find_bounds, is_within
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.resolve.values import address_part
from platinfra.targets.local.record import EndpointRecord

if TYPE_CHECKING:
    from platinfra.drivers.credential_file import CredentialFile

FILE = "credentials.json"
_REFUSED = {401, 403}
_LONGEST = 200


def credentials(workspace: Workspace) -> "CredentialFile":
    """Return what people gave for the stack's servers elsewhere."""
    from platinfra.drivers.credential_file import CredentialFile

    return CredentialFile(workspace.root / FILE)


def editions(workspace: Workspace, graph: Graph) -> dict[str, int]:
    """Return `component.credential` to how often it was another one, counting what is given now."""
    return {
        f"{component.name}.{name}": credentials(workspace).next_edition(
            component.name, name, _read(source, workspace.folder)
        )
        for component, name, source in _sources(graph)
    }


def keep(workspace: Workspace, graph: Graph) -> None:
    """Write down what is given now; what is not stays as it was."""
    for component, name, source in _sources(graph):
        if given := _read(source, workspace.folder):
            credentials(workspace).keep(component.name, name, given)


def find_missing(stack: Resolved) -> Iterator[Diagnostic]:
    """Yield the credentials that are neither given now nor kept."""
    for component, name, source in _sources(stack.graph):
        if _current(stack.workspace, component, name, source) is None:
            kind, _, where = source.partition(":")
            why, hint = {
                "env": (f"the variable `{where}` is not set", f"set `{where}`, and run `platinfra up` again"),
                "file": (f"`{where}` cannot be read or is empty", "write it into that file, which only you can read"),
            }[kind]
            message = f"the credential `{name}` of `{component.name}` is missing: {why}"
            yield Diagnostic("missing-credential", message, stack.spans.get(component.name), hint)


def login_of(known: ExistingServer, workspace: Workspace, component: str) -> tuple[str, ...]:
    """Return what HTTP requests to a server carry, by the credentials that are kept."""
    names = {name for way in known.logins for name in way}
    held = {name: credentials(workspace).find(component, name) for name in names}
    return _login(known, {name: each.value for name, each in held.items() if each})


def problems(stack: Resolved) -> Iterator[Diagnostic]:
    """Yield what is wrong with the servers: they do not answer, refuse the credentials, or are of a wrong version."""
    for component in stack.graph.components.values():
        known = stack.catalog.get(component.tool).existing
        if component.at and known:
            for each in look(component, known, stack.workspace, stack.catalog):
                yield replace(each, span=stack.spans.get(component.name))


def look(component: Component, known: ExistingServer, workspace: Workspace, catalog: Catalog) -> Iterator[Diagnostic]:
    """Yield the first thing that is wrong with one server."""
    from platinfra.drivers.outside import ask

    tool = catalog.get(component.tool)
    endpoint = tool.endpoints[known.endpoint]
    given = {name: _current(workspace, component, name, source) for name, source in component.credentials.items()}
    login = _login(known, given)
    if not endpoint.ready and (problem := _port_problem(component, endpoint.port)):
        yield problem
        return
    if endpoint.ready:
        answer = ask(f"{component.at}{endpoint.ready}", login)
        if answer.status in _REFUSED:
            yield _refusal(component, answer)
            return
        if not answer.ok:
            yield _silence(component, tool.product, answer)
            return
    if known.version and (problem := _version_problem(component, tool.product, known.version, login)):
        yield problem
        return
    if endpoint.probe:
        answer = ask(f"{component.at}{endpoint.probe}", login)
        if answer.status in _REFUSED:
            yield _refusal(component, answer)
        elif not answer.ok:
            yield _silence(component, tool.product, answer)


def health(at: str, endpoints: Iterable[EndpointRecord]) -> tuple[str, str]:
    """Return the health of a server, asked without credentials: one that refuses such requests is there."""
    from platinfra.drivers.http import HttpProbes
    from platinfra.drivers.outside import ask

    for each in endpoints:
        answer = ask(each.ready, timeout=5) if each.ready else None
        if answer and not answer.ok and answer.status not in _REFUSED:
            return "failed", f"{each.ready} answers {answer.status or ' '.join(answer.text.split())[:_LONGEST]}"
        if not answer and not HttpProbes().connect(each.host, each.port, timeout=5):
            return "failed", f"nothing answers at {each.host}:{each.port}"
    return "healthy", f"at {at}, run by others"


def _port_problem(component: Component, usual: int) -> Diagnostic | None:
    """Return that nobody listens at an address that cannot be asked for more."""
    from platinfra.drivers.http import HttpProbes

    host, port = address_part(component.at, "host"), address_part(component.at, "port") or usual
    if HttpProbes().connect(str(host), int(port), timeout=10):
        return None
    return _silence(component, "", Answer(0, f"nothing listens at {host}:{port}"))


def _version_problem(component: Component, product: str, known: Version, login: tuple[str, ...]) -> Diagnostic | None:
    """Return that the server is none of the product, or of a version that its clients here do not work with."""
    from platinfra.drivers.outside import ask

    answer = ask(f"{component.at}{known.path}", login)
    if answer.status in _REFUSED:
        return _refusal(component, answer)
    found = _version_in(answer.text, known.key) if answer.ok else ""
    if not found[:1].isdigit():
        return _silence(component, product, answer)
    if is_within(found, find_bounds(known.bounds) or []):
        return None
    message = f"`{component.name}` at {component.at} is {product} {found}; its clients here work with {known.bounds}"
    return Diagnostic("server-version", message, hint="upgrade the server, or let platinfra run one: remove `at`")


def _version_in(text: str, key: str | None) -> str:
    """Return the version in an answer; nothing when there is none."""
    if key is None:
        return text.strip().strip('"') if len(text) <= _LONGEST else ""
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        return ""


def _refusal(component: Component, answer: Answer) -> Diagnostic:
    sources = [source.partition(":")[2] for source in component.credentials.values()]
    if not sources:
        hint = "it asks for credentials: write `credentials: {from-env: VARIABLE}` behind `at`"
        message = f"`{component.name}` at {component.at} answers {answer.status} to requests without credentials"
    else:
        hint = f"put a valid one into `{'`, `'.join(sources)}`, and run `platinfra up` again"
        message = f"`{component.name}` at {component.at} refuses the credentials ({answer.status}): wrong, expired or not its own"
    return Diagnostic("server-refuses", message, hint=hint)


def _silence(component: Component, product: str, answer: Answer) -> Diagnostic:
    if answer.status:
        message = f"`{component.name}` at {component.at} does not answer as {product} does: {answer.status}"
        return Diagnostic(
            "other-server", message, hint="is it the address of the server itself, without a path below it?"
        )
    message = f"`{component.name}` at {component.at} does not answer: {' '.join(answer.text.split())[:_LONGEST]}"
    hint = "see that it runs and can be reached from here, or correct `at`; proxies are those of your shell"
    return Diagnostic("server-unreachable", message, hint=hint)


def _login(known: ExistingServer, given: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return what HTTP requests carry: the first way to log in of which everything is given."""
    for way in known.logins:
        values = [given.get(name) for name in way]
        if all(values):
            return tuple(each for each in values if each)
    return ()


def _sources(graph: Graph) -> Iterator[tuple[Component, str, str]]:
    for component in graph.components.values():
        yield from ((component, name, source) for name, source in component.credentials.items())


def _current(workspace: Workspace, component: Component, name: str, source: str) -> str | None:
    """Return a credential as it is given now, else as it is kept; None when it is neither."""
    if given := _read(source, workspace.folder):
        return given
    held = credentials(workspace).find(component.name, name)
    return held.value if held else None


def _read(source: str, folder: Path) -> str | None:
    """Return what a variable or a file holds now; None when that is nothing."""
    kind, _, where = source.partition(":")
    if kind == "env":
        return os.environ.get(where) or None
    try:
        return (folder / Path(where).expanduser()).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
