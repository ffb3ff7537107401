"""The references of a `tool.yaml` against the vocabulary: what names nothing is found when the tool is loaded."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from platinfra.catalog import vocabulary
from platinfra.catalog.capability import Capability
from platinfra.catalog.schema import Tool
from platinfra.catalog.vocabulary import SECTIONS, Section
from platinfra.diagnostics import Diagnostic, Span, did_you_mean
from platinfra.document import Document, Path_
from platinfra.model.ground import Place
from platinfra.model.reference import parse, written_references

_PLACES: dict[Place, str] = {"machine": "on a machine", "cluster": "in a cluster", "service": "for a service of AWS"}
_HINT = "docs/reference/tool-yaml.md#references lists the names"


def unknown_references(
    tool: Tool, document: Document, folder: Path, find_capability: Callable[[str], Capability | None]
) -> Iterator[Diagnostic]:
    """Yield the references that are malformed, or name nothing where they stand, each with its line."""
    kinds = {(each.place, each.given) for each in SECTIONS}
    names = {kind: vocabulary.names(tool, folder, find_capability, *kind) for kind in kinds}
    for path, text in _texts(document.data, ()):
        sections = [each for each in SECTIONS if each.covers(path) and _is_used(each, path, tool)]
        known = {each: names[each.place, each.given] for each in sections}
        for written in written_references(text) if known else ():
            if problem := _problem(written, known):
                yield replace(problem, span=_span(document, path, written.splitlines()[0], folder / "tool.yaml"))


def _problem(written: str, known: dict[Section, frozenset[str]]) -> Diagnostic | None:
    name = written[2:].removesuffix("}")
    if not written.endswith("}"):
        message = f"`{written.splitlines()[0]}` is not closed"
        return Diagnostic("unknown-reference", message, hint="close it with `}`; for a dollar sign write `$$`")
    try:
        parse(written)
    except ValueError as error:
        return Diagnostic("unknown-reference", str(error), hint="for a dollar sign write `$$`")
    for section, names in known.items():
        if not vocabulary.is_among(name, names):
            where = f"`{section.path}` {_PLACES[section.place]}"
            message = f"`{written}` names nothing in {where}"
            return Diagnostic("unknown-reference", message, hint=did_you_mean(name, names) or _HINT)
    return None


def _texts(data: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    """Yield the texts with references in some data, each with its path."""
    match data:
        case dict():
            for key, each in data.items():
                yield from _texts(each, (*path, key))
        case list():
            for number, each in enumerate(data):
                yield from _texts(each, (*path, number))
        case str() if "${" in data:
            yield path, data


def _is_used(section: Section, path: Path_, tool: Tool) -> bool:
    """Tell whether a text is evaluated in the place of a section: recipes may say something else there."""
    match path:
        case ("provides", capability, attribute):
            return section.place in _grounds(tool) and not _tells(tool, section.place, str(capability), attribute)
        case ("client", *_):
            other = tool.run.kubernetes and tool.run.kubernetes.client_env is not None
            return section.place in _grounds(tool) and not (other and section.place == "cluster")
    return True


def _grounds(tool: Tool) -> list[Place]:
    """Return where components of a tool stand; what is a service on AWS may be limited to that in clusters."""
    only_service = "service" in tool.places and "kubernetes" in tool.limits
    return [each for each in tool.places if not (each == "cluster" and only_service)]


def _tells(tool: Tool, place: Place, capability: str, attribute: object) -> bool:
    """Tell whether the recipe of a place says itself what an attribute is there."""
    local, kubernetes = tool.run.local, tool.run.kubernetes
    if place == "machine" and local:
        return capability in local.provides  # all of them: a machine has none of the others
    if place == "cluster" and kubernetes:
        return kubernetes.existing is not None or attribute in kubernetes.provides.get(capability, {})
    return False


def _span(document: Document, path: Path_, written: str, file: Path) -> Span | None:
    """Return where a reference stands; texts of several lines are looked through."""
    span = document.value_span(path)
    if span is None:
        return None
    begin = span.column - 1
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines()[span.line - 1 :], span.line):
        if (column := line.find(written, begin)) >= 0:
            return Span(span.file, number, column + 1, column + len(written) + 1, line)
        begin = 0
    return span
