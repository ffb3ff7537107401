"""Read one catalog entry; an author's mistake is a diagnostic with its line."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from platinfra.catalog.capability import Capability
from platinfra.catalog.entry import Entry
from platinfra.catalog.packages import Places, missing_packages
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, refuse
from platinfra.document import Document, load_file

E = TypeVar("E", bound=Entry)

_SAID = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that platinfra knows here",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
}
_HINT = "`platinfra schema tool` prints every key of a tool.yaml"


def load_tool(
    folder: Path, places: Places | None = None, find_capability: Callable[[str], Capability | None] | None = None
) -> Tool:
    """
    Return the tool of a catalog folder; raise PlatinfraError when `tool.yaml` is wrong.

    With `places` the packages that it names have to be there; with `find_capability` its references are checked too,
    which takes as long as all the rest.
    """
    file = folder / "tool.yaml"
    document = load_file(file, name=f"{folder.name}/tool.yaml")
    tool = _entry(Tool, document)
    if tool.name != folder.name:
        problem = Diagnostic(
            "tool-name",
            f"the tool `{tool.name}` is in the folder `{folder.name}`",
            document.value_span(("name",)),
            "give both the same name",
        )
        raise PlatinfraError(problem)
    problems = list(missing_packages(tool, document, places)) if places is not None else []
    if find_capability is not None:
        from platinfra.catalog.references import unknown_references  # start-up time: our own tools are tested

        problems += unknown_references(tool, document, folder, find_capability)
    refuse(problems)
    return tool


def load_capability(file: Path) -> Capability:
    """Return a capability; raise PlatinfraError when its file is wrong."""
    return _entry(Capability, load_file(file, name=f"capabilities/{file.name}"))


def _entry(model: type[E], document: Document) -> E:
    refuse(document.problems)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise PlatinfraError(*(_problem(model, document, each) for each in error.errors())) from None


def _problem(model: type[Entry], document: Document, error: ErrorDetails) -> Diagnostic:
    """Return what the schema has against an entry, in the words that a stack file would be answered with."""
    path, said = tuple(error["loc"]), _SAID.get(error["type"])
    name = ".".join(map(str, path))
    is_unknown = error["type"] == "extra_forbidden"
    keys = [field.alias or key for key, field in model.model_fields.items()] if is_unknown and len(path) == 1 else ()
    return Diagnostic(
        "catalog-entry",
        f"`{name}` {said}" if said else f"{name}: {error['msg']}",
        document.key_span(path) if is_unknown else document.value_span(path),
        did_you_mean(name, keys) or (_HINT if model is Tool else None),
    )
