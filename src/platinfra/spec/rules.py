"""Rules of the stack file that no schema can say; those of its target are the target's."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from platinfra.diagnostics import Diagnostic, did_you_mean, join_names
from platinfra.document import Document
from platinfra.model import targets
from platinfra.sections.section import Destination
from platinfra.spec.destinations import FILE
from platinfra.spec.schema import StackFile

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_MAX_NAME = 30


def is_name(text: str) -> bool:
    """Tell whether a text can name a stack or an environment."""
    return bool(_NAME.fullmatch(text)) and len(text) <= _MAX_NAME


def broken_rules(file: StackFile, destinations: Mapping[str, Destination], document: Document) -> Iterator[Diagnostic]:
    """Yield what breaks a rule, and warnings for placeholders."""
    yield from _name_problems(file, document)
    yield from _taken_names(file, destinations, document)
    for each in destinations.values():
        yield from _destination_problems(each)


def _name_problems(file: StackFile, document: Document) -> Iterator[Diagnostic]:
    if not is_name(file.name):
        hint = f"lower-case letters, digits and dashes, at most {_MAX_NAME}, beginning with a letter"
        yield Diagnostic("invalid-name", f"`{file.name}` cannot name a stack", document.value_span(("name",)), hint)
    for name in file.environments:
        if not is_name(name) or name == "default":
            hint = "lower-case letters, digits and dashes, beginning with a letter; `default` is the file as it stands"
            span = document.key_span(("environments", name))
            yield Diagnostic("invalid-name", f"`{name}` cannot name an environment", span, hint)
    if not file.stack and document.data.get("stack", True) in ({}, None):
        hint = "add a stage, such as `experiment_tracker: [mlflow]`"
        yield Diagnostic("empty-stack", "the stack names no tool", document.value_span(("stack",)), hint)


def _taken_names(file: StackFile, destinations: Mapping[str, Destination], document: Document) -> Iterator[Diagnostic]:
    """Yield the stack and the environments by whose names their targets call things of somebody else."""
    for environment in (FILE, *file.environments):
        target = targets.get(destinations.get(environment, destinations[FILE]).provider.name)
        name = f"{file.name}-{environment}" if environment else file.name
        if any(fnmatchcase(name, each) for each in target.reserved):
            span = document.key_span(("environments", environment)) if environment else document.value_span(("name",))
            message = f"the namespace `{name}` belongs to the cluster itself on the target `{target.name}`"
            yield Diagnostic("reserved-name", message, span, f"choose a name of your own, such as `{_own(file.name)}`")


def _own(name: str) -> str:
    """Return a name like one that is reserved."""
    return f"ml-{name.removeprefix('kube-')}"


def _destination_problems(destination: Destination) -> Iterator[Diagnostic]:
    target, given = targets.get(destination.provider.name), destination.deployment.type
    allowed = [each.type for each in target.grounds]
    if given is not None and given not in allowed:
        hint = did_you_mean(given, allowed) or f"one of {join_names(allowed, 'or')}"
        message = f"`{given}` is not a deployment type of `{target.name}`"
        yield Diagnostic("unknown-value", message, destination.where("deployment", "type"), hint)
    yield from target.problems(destination)
