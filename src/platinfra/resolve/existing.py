"""Servers that are there already: `TOOL: {at: ADDRESS, credentials: …}` is used as ever, and nothing of it is started."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.existing import PREFIX, ExistingServer
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.document import Path_
from platinfra.resolve import formats
from platinfra.resolve.environment import Chosen
from platinfra.sections.section import canonical_key
from platinfra.spec.schema import Use
from platinfra.spec.shape import locate

FROM_ENV, FROM_FILE = "from_env", "from_file"
_SOURCES = {FROM_ENV, FROM_FILE}
_EXAMPLE = "{from-env: VARIABLE}"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is, and where its credentials are for whoever brings the stack up."""

    at: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    """Credential to `env:VARIABLE` or `file:PATH`."""


def is_existing(use: Use) -> bool:
    """Tell whether the file says of a tool that it is there already."""
    return use.options.at is not None or bool(use.options.credentials)


def named_existing(chosen: Chosen, catalog: Catalog) -> frozenset[str]:
    """Return the components that the file says are there already: in other stages their name alone is enough."""
    uses = (use for each in chosen.file.stack.values() for use in each if is_existing(use))
    return frozenset(use.options.as_ or catalog.name_of(use.tool) for use in uses)


def entry_of(tool: Tool, catalog: Catalog) -> Tool | None:
    """Return how a tool is used where it is there already; None when it cannot be."""
    return catalog.get(f"{PREFIX}{tool.name}") if tool.existing else None


def not_existing(tool: Tool, stage: str, chosen: Chosen, catalog: Catalog, span: Span | None) -> Diagnostic:
    """Return that a tool cannot be used where it is there already, with those of the stage that can."""
    able = [each.name for each in catalog.tools() if each.existing and stage in each.provides]
    others = f"tools of `{stage}` that can: {join_names(able)}; " if able else ""
    own = "remove `at`, and platinfra runs it" if tool.runs_on(chosen.ground) else "remove it"
    message = f"platinfra does not know how to use a `{tool.name}` that is there already"
    return Diagnostic("no-existing", message, span, f"{others}{own}")


def server_of(tool: Tool, use: Use, path: Path_, chosen: Chosen, problems: list[Diagnostic]) -> Server:
    """Return where a server is and what it asks for; what is wrong with that is added to `problems`."""
    known = tool.existing or ExistingServer()
    problems += _address_problems(tool, known, use, path, chosen)
    found: dict[str, str] = {}
    for name, source, span in _credentials_in(known, use, path, chosen):
        place, text = _read_source(source)
        if name not in known.credentials:
            asks = f"it asks for {join_names(known.credentials)}" if known.credentials else "it asks for none"
            hint = did_you_mean(name, known.credentials) or asks
            problems.append(
                Diagnostic("unknown-credential", f"`{tool.product}` has no credential `{name}`", span, hint)
            )
        elif not place:
            message = f"the credential `{name}` of `{tool.product}` does not say where it is"
            hint = f"no secret stands in a stack file: write `{_EXAMPLE}` or `{{from-file: PATH}}`"
            problems.append(Diagnostic("wrong-credential", message, span, hint))
        else:
            found[name] = f"{place}:{text}"
    at = (use.options.at or known.at).rstrip("/")
    problems += _unnamed_problems(
        tool, at, [name for name, _, _ in _credentials_in(known, use, path, chosen)], path, chosen
    )
    return Server(at, found)


def _unnamed_problems(tool: Tool, at: str, named: Collection[str], path: Path_, chosen: Chosen) -> Iterator[Diagnostic]:
    """Yield that the file names no credential without which nobody gets in."""
    known = tool.existing or ExistingServer()
    for name in known.needed if known.at in ("", at) else ():
        if name not in named:
            message = f"`{tool.product}` asks for the credential `{name}`, and the file names none"
            hint = f"write `credentials: {{{name}: {_EXAMPLE}}}`"
            yield Diagnostic("missing-credential", message, chosen.document.value_span(path), hint)


def _address_problems(tool: Tool, known: ExistingServer, use: Use, path: Path_, chosen: Chosen) -> Iterator[Diagnostic]:
    at, example = use.options.at, f"`{tool.product}: {{at: {tool.example_address}}}`"
    if at is None:
        if not known.at:
            span = chosen.document.value_span(path)
            message = f"`{tool.product}` has credentials and no address"
            yield Diagnostic("missing-address", message, span, f"say where it is: {example}")
        return
    span = chosen.document.value_span(locate(chosen.document, (*path, "options", "at")))
    if "@" in at.partition("://")[2].partition("/")[0]:
        hint = f"a secret in a file is read by everybody who reads the file: write `credentials: {_EXAMPLE}`"
        yield Diagnostic("secret-in-file", "the address has a user or a password in it", span, hint)
    elif trouble := formats.problem("server", at) or _other_scheme(at, tool.example_address):
        yield Diagnostic("wrong-format", f"`at`: {trouble[0]}", span, f"write {example}")


def _other_scheme(at: str, example: str) -> formats.Trouble | None:
    """Return that an address is one of another protocol; None when it is not."""
    scheme, wanted = at.partition("://")[0], example.partition("://")[0]
    if scheme == wanted or {scheme, wanted} == {"http", "https"}:
        return None
    return f"`{scheme}` is not the protocol of such a server", ""


def _credentials_in(
    known: ExistingServer, use: Use, path: Path_, chosen: Chosen
) -> Iterator[tuple[str, Any, Span | None]]:
    """Yield each credential with its source and place; a source alone is that of the tool's first credential."""
    written = use.options.credentials
    place = (*path, "options", "credentials")
    if set(written) <= _SOURCES:
        if written:
            first = next(iter(known.credentials), "credentials")
            yield first, written, chosen.document.value_span(locate(chosen.document, place))
        return
    for name, source in written.items():
        yield name, source, chosen.document.key_span(locate(chosen.document, (*place, name)))


def _read_source(source: Any) -> tuple[str, str]:
    """Return `env` or `file` and what it names; nothing for what is neither."""
    if not isinstance(source, dict) or len(source) != 1:
        return "", ""
    ((key, text),) = source.items()
    kind = canonical_key(str(key))
    return (kind.removeprefix("from_"), text) if kind in _SOURCES and isinstance(text, str) and text else ("", "")


def describe(at: str) -> str:
    """Return why a component is there that is not started."""
    return f"at {at}, run by others"
