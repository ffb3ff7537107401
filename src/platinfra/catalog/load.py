"""Read one catalog entry; an author's mistake is a diagnostic with its line."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from platinfra.catalog.capability import Capability
from platinfra.catalog.entry import Entry
from platinfra.catalog.packages import Places, missing_packages
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.document import Document, load_file

E = TypeVar("E", bound=Entry)


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
        problems = (
            Diagnostic(
                "catalog-entry",
                f"{'.'.join(map(str, each['loc']))}: {each['msg']}",
                document.value_span(tuple(each["loc"])),
            )
            for each in error.errors()
        )
        raise PlatinfraError(*problems) from None
