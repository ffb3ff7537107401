"""What a problem of Terraform or AWS means: the slugs of the known ones, and what to do about them."""

import re
from collections.abc import Iterable, Mapping

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.terraform_events import Problem
from platinfra.facts.table import beside

_LINES = 20
_WHAT = re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>[^\s,]+))?")
_CALL = re.compile(r"operation error [\w -]+: (\w+)|when calling the (\w+) operation")
_LOCK = re.compile(r"^\s*(?P<name>ID|Who|Created|Operation):[ \t]*(?P<value>\S.*?)\s*$", re.MULTILINE)


def action_error(problems: Iterable[Problem]) -> ActionError:
    """Return one error for all problems; the same one twice is told once."""
    return ActionError(*dict.fromkeys(explain(each, "terraform-failed") for each in problems))


def explain(problem: Problem, otherwise: str) -> Diagnostic:
    """Turn a problem of Terraform or AWS into a diagnostic; `otherwise` is the slug of one that keeps its own words."""
    text = f"{problem.summary}\n{problem.detail}"
    known = next((each for each in beside(__file__) if re.search(each["pattern"], text)), None)
    if known is None:
        subject = f"`{problem.address}` failed: " if problem.address else ""
        return Diagnostic(otherwise, subject + _summary(problem), severity=problem.severity, details=_details(problem))
    details = (" ".join(problem.summary.split()), *_details(problem)) if known.get("details", True) else ()
    message = known["message"].format(**_fields(problem, text))
    return Diagnostic(known["code"], message, hint=known["hint"], severity=problem.severity, details=details)


def _fields(problem: Problem, text: str) -> Mapping[str, str]:
    lock = {match["name"]: match["value"] for match in _LOCK.finditer(text)}
    what = _WHAT.search(text)
    return {
        "subject": f"`{problem.address}`" if problem.address else "something",
        "purpose": f" for `{problem.address}`" if problem.address else "",
        "action": f"`{what['action']}`" if what else _call(text),
        "resource": f" on `{what['resource']}`" if what and what["resource"] else "",
        "who": lock.get("Who", "somebody"),
        "since": lock.get("Created", "an unknown time")[:19],
        "what": lock.get("Operation", "another command").removeprefix("OperationType").lower(),
        "id": lock.get("ID", "unknown"),
    }


def _call(text: str) -> str:
    """Return the API call that was refused: not every service names the action."""
    call = _CALL.search(text)
    return f"`{call[1] or call[2]}`" if call else "an action"


def _details(problem: Problem) -> tuple[str, ...]:
    """Return Terraform's own words, without the blank lines."""
    lines = [each.rstrip() for each in problem.detail.splitlines() if each.strip()]
    return (*lines[:_LINES], *([problem.place] if problem.place else ()))


def _summary(problem: Problem) -> str:
    """Return the summary as a half-sentence of one line."""
    line = " ".join(problem.summary.split()).rstrip(".")
    return line if re.match(r"[A-Z]{2}", line) else line[:1].lower() + line[1:]
