"""Read where a stack is to run, in each environment: the sections `provider` and `deployment` are those of the target."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from platinfra.diagnostics import Span, join_names
from platinfra.document import Document, Path_
from platinfra.model import targets
from platinfra.sections.section import Deployment, Destination, Provider, Section, canonical_keys
from platinfra.spec.shape import locate

FILE = ""
"""Stands for the file itself among its environments."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a schema refuses, with its place in the file; and the schema, which begins at a place of its own."""

    details: ErrorDetails
    schema: type[BaseModel]
    start: Path_ = ()
    target: str = ""
    """Whose section it is; empty for what is the file's own."""


def mistakes_of(error: ValidationError, schema: type[BaseModel], start: Path_ = (), target: str = "") -> list[Mistake]:
    """Return what a schema refused."""
    return [Mistake({**each, "loc": (*start, *each["loc"])}, schema, start, target) for each in error.errors()]


def destinations(data: Mapping[str, Any], document: Document) -> tuple[dict[str, Destination], list[Mistake]]:
    """Return where the file and those environments run that say something else; and what is wrong with that."""
    reader = _Reader(document, [])
    base = {name: _mapping(data.get(name)) for name in ("provider", "deployment")}
    found = {FILE: reader.read(base, dict.fromkeys(base, ()))}
    for name, override in _mapping(data.get("environments")).items():
        own = {key: _mapping(each) for key, each in _mapping(override).items() if key in base and each is not None}
        if own:
            sections = {"deployment": {}} if "provider" in own else base
            at: Path_ = ("environments", name)
            found[name] = reader.read({**base, **sections, **own}, {each: at if each in own else () for each in base})
    return found, reader.mistakes


def _mapping(value: Any) -> dict[str, Any]:
    """Return a mapping with the one spelling of its keys; an empty one for anything else, which the file's schema refuses."""
    return cast("dict[str, Any]", canonical_keys(value)) if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    mistakes: list[Mistake]

    def read(self, sections: Mapping[str, Mapping[str, Any]], at: Mapping[str, Path_]) -> Destination:
        """Read the two sections, which may stand in the file itself or below an environment."""
        where = partial(self.where, at)
        users = self.document.key_span(locate(self.document, ("users",))) if self.document.data.get("users") else None
        name = sections["provider"].get("name", targets.LOCAL)
        target = targets.find(name) if isinstance(name, str) else targets.get(targets.LOCAL)
        if target is None:
            self.refuse_target(name, (*at["provider"], "provider", "name"))
            return Destination(Provider.model_construct(), Deployment.model_construct(), where, users)
        provider, deployment = (
            self.section(kind, sections[part], (*at[part], part), target.name)
            for part, kind in zip(("provider", "deployment"), target.sections(), strict=True)
        )
        return Destination(cast("Provider", provider), cast("Deployment", deployment), where, users)

    def section(self, kind: type[Section], data: Mapping[str, Any], start: Path_, target: str) -> Section:
        """Read one section; an empty one stands for what cannot be read."""
        try:
            return kind.model_validate(data) if data else kind.model_construct()
        except ValidationError as error:
            self.mistakes.extend(mistakes_of(error, kind, start, target))
            return kind.model_construct()

    def where(self, at: Mapping[str, Path_], section: str, *path: str | int, key: bool = False) -> Span | None:
        """Return the place of a value, or of its key."""
        place = locate(self.document, (*at[section], section, *path))
        return self.document.key_span(place) if key else self.document.value_span(place)

    def refuse_target(self, name: str, place: Path_) -> None:
        """Note that there is no such target."""
        known = {"expected": join_names(targets.names(), "or").replace("`", "'")}
        details = ErrorDetails(type="literal_error", loc=place, msg="", input=name, ctx=known)
        self.mistakes.append(Mistake(details, Provider, place[:-1]))
