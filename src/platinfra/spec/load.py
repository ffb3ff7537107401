"""Turn a stack file's document into a typed stack, collecting every problem."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import Document
from platinfra.sections.section import Destination
from platinfra.spec.destinations import Mistake, destinations, mistakes_of
from platinfra.spec.problems import EXAMPLE, location, problems_of
from platinfra.spec.rules import broken_rules
from platinfra.spec.schema import StackFile
from platinfra.spec.shape import doubled_keys, shape_document, without

_PASSES = 4
"""How often the file is looked at again without its mistakes, to find those behind them."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack file with the places of its parts, and what is wrong with it so far."""

    file: StackFile
    document: Document
    destinations: Mapping[str, Destination]
    """Where the file itself (`FILE`) and those environments run that say something else."""
    problems: tuple[Diagnostic, ...]
    """Errors; whoever resolves the stack adds its own and raises them all at once."""
    warnings: tuple[Diagnostic, ...]


def load(document: Document) -> Stack:
    """Return the typed stack of `document`; raise PlatinfraError when nothing can be made of it."""
    if document.data is None:
        raise PlatinfraError(Diagnostic("empty-file", f"`{document.file}` is empty", hint=EXAMPLE))
    if not isinstance(document.data, dict):
        problem = Diagnostic("not-a-mapping", "a stack file is a mapping", document.value_span(()), EXAMPLE)
        raise PlatinfraError(problem)
    problems = [*document.problems, *doubled_keys(document)]
    file, places = _validate(document, problems)
    # What cannot be the name of anything was left out and reported; its stand-in is not, nor is a place reported twice.
    reported = {each.span for each in problems}
    found = broken_rules(file, places, document)
    rules = dict.fromkeys(each for each in found if each.span and each.span not in reported)
    errors = tuple(each for each in [*problems, *rules] if each.severity == "error")
    return Stack(file, document, places, errors, tuple(each for each in rules if each.severity == "warning"))


def _validate(document: Document, problems: list[Diagnostic]) -> tuple[StackFile, dict[str, Destination]]:
    """Return the typed file without what is wrong in it; raise PlatinfraError when too little is left."""
    data = shape_document(document)
    for again in range(_PASSES):
        places, mistakes = destinations(data, document)
        file = _read_file(data, mistakes)
        if file and not mistakes:
            return file, places
        # What was left out in an earlier pass is missing now, and was reported.
        problems += problems_of(document, [each for each in mistakes if not again or each.details["type"] != "missing"])
        wrong = {location(each.details) for each in mistakes}
        wrong_last_first = sorted(wrong, key=lambda loc: [str(step).zfill(6) for step in loc], reverse=True)
        if False in [without(data, loc) for loc in wrong_last_first]:
            break
    raise PlatinfraError(*problems)


def _read_file(data: dict[str, Any], mistakes: list[Mistake]) -> StackFile | None:
    """Return the typed file; None after noting what is wrong with it."""
    try:
        return StackFile.model_validate(data)
    except ValidationError as error:
        mistakes += mistakes_of(error, StackFile)
        return None
