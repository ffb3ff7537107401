"""What the project's own lock has to have for the tools of a stack, found out before anything is installed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic
from platinfra.model.versions import find_bounds, is_within
from platinfra.resolve.resolve import Resolved

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;\\]+)", re.MULTILINE)
_LOCK = "uv pip compile --generate-hashes requirements.in -o requirements.lock.txt"


@dataclass(frozen=True, slots=True)
class Pin:
    """A version that a lock names, and its line there."""

    version: str
    line: int


def project_problems(stack: Resolved) -> Iterator[Diagnostic]:
    """Yield what is wrong with the project's requirements file: missing, without hashes, or not what tools of the stack need."""
    name = stack.graph.project.get("requirements")
    if name is None:
        return
    text = _read(stack.workspace.folder / name)
    hint, span = f"create it with `{_LOCK}`", stack.project_span
    if text is None:
        message = f"`project.requirements`: no file `{name}` next to the stack file"
        yield Diagnostic("project-requirements", message, span, hint)
    elif "--hash=" not in text:
        yield Diagnostic("project-requirements", f"`{name}` has no hashes", span, hint)
    else:
        pins = read_pins(text)
        for tool in dict.fromkeys(each.tool for each in stack.graph.components.values()):
            yield from (replace(each, span=span) for each in _mismatches(stack.catalog.get(tool), pins, name))


def read_pins(text: str) -> Mapping[str, list[Pin]]:
    """Return the versions that a lock pins, by package; several where they differ by platform or Python."""
    found: dict[str, list[Pin]] = {}
    line, seen = 1, 0
    for each in _PIN.finditer(text):
        line, seen = line + text.count("\n", seen, each.start()), each.start()
        found.setdefault(_canonical(each[1]), []).append(Pin(each[2], line))
    return found


def _mismatches(tool: Tool, pins: Mapping[str, list[Pin]], name: str) -> Iterator[Diagnostic]:
    """Yield all that a tool minds in a lock."""
    for package in tool.client.needed:
        if _canonical(package) not in pins:
            message = f"`{name}` lacks `{package}`, and a part of `{tool.name}` runs in the environment made from it"
            yield Diagnostic("project-package-missing", message, hint=_remedy(_client_of(package, tool), name))
    for package, text in tool.client.bounds.items():
        found, bounds = pins.get(_canonical(package), []), find_bounds(text) or []
        if found and not any(is_within(each.version, bounds) for each in found):
            pin = f"{package} {found[0].version} (line {found[0].line})"
            message = f"`{name}` has {pin}, and `{tool.name}` works with {package} {text}"
            yield Diagnostic("project-package-version", message, hint=_remedy(f"{package}{text}", name))


def _remedy(wanted: str, name: str) -> str:
    return f"write `{wanted}` into the file that `{name}` is made from, and make it again: `{_LOCK}`"


def _client_of(package: str, tool: Tool) -> str:
    """Return a package as the tool's own clients have it."""
    known = (each for each in tool.client.packages if re.split(r"[=<>\[]", each)[0] == package)
    return next(known, f"{package}{tool.client.bounds.get(package, '')}")


def _canonical(package: str) -> str:
    """Return the one spelling of a package, https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _read(file: Path) -> str | None:
    """Return the text of a file; None when there is no such file, or the name cannot be one."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None
