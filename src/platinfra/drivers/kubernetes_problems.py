"""What goes wrong between a client and a cluster, in the words of kubectl and Helm: one diagnostic for each."""

import re
from collections.abc import Mapping, Sequence

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.facts.table import beside

LINES = 12
_ADDRESS = re.compile(r"https?://[^\s/\"']+|(?:dial tcp|lookup|connection to the server) (?P<host>\[?[\w.:-]+\]?)")
_REASON = re.compile(
    r"connection (?:was )?refused|was refused|connection reset(?: by peer)?|no such host|i/o timeout|no route to host|network is unreachable"
    r"|TLS handshake timeout|Client\.Timeout exceeded|context deadline exceeded|x509: [^\n\"]+|unexpected EOF|\bEOF\b|no answer within [\d.]+ s"
)
_CONFLICT = re.compile(r"Apply failed with \d+ conflicts?: (?P<rest>.*)", re.DOTALL)
_MANAGER = re.compile(r"conflicts? with \"(?P<manager>[^\"]+)\"[^:\n]*:(?P<fields>[^\n]*(?:\n- [^\n]+)*)")


def problem(text: str, where: str = "") -> Diagnostic | None:
    """Return the diagnostic for a failure that has one; `where` names the cluster when the text does not."""
    for row in beside(__file__):
        if found := re.search("|".join(row["patterns"]), text):
            said = {name: " ".join(each.split()) for name, each in found.groupdict().items()}
            reason = _REASON.search(text)
            why = f": {reason[0].strip()}" if reason else ""
            details = last_lines(text) if row.get("details") else ()
            message = row["message"].format(at=_at(text, where), why=why, **said)
            return Diagnostic(row["code"], message, hint=row["hint"], details=details)
    return None


def action_error(what: str, text: str, otherwise: str, where: str = "") -> ActionError:
    """Return what to tell when `what` failed; `otherwise` is the slug of a failure that keeps its own words."""
    found = problem(text, where)
    if found is None:
        found = Diagnostic(otherwise, f"{what} failed", details=last_lines(text))
    return ActionError(found)


def conflicts(text: str) -> Mapping[str, Sequence[str]]:
    """Return the managers that own fields which were to be applied, with those fields; empty when it is no conflict."""
    found = _CONFLICT.search(text)
    if not found:
        return {}
    parts = _MANAGER.finditer(found["rest"])
    return {
        each["manager"]: [name.strip("- ") for name in each["fields"].split("\n") if name.strip("- ")] for each in parts
    }


def conflicts_among(causes: Sequence[Mapping[str, object]]) -> Mapping[str, Sequence[str]]:
    """Return the same from the causes that the API gives of a refusal."""
    found: dict[str, list[str]] = {}
    for each in causes:
        if each.get("reason") == "FieldManagerConflict":
            manager = re.search(r'conflict with "([^"]+)"', str(each.get("message")))
            found.setdefault(manager[1] if manager else "somebody else", []).append(str(each.get("field")))
    return found


def conflict(subject: str, found: Mapping[str, Sequence[str]]) -> ActionError:
    """Return what to tell about a conflict."""
    fields = ", ".join(f"`{name}` belongs to `{manager}`" for manager, names in found.items() for name in names)
    message = f"{subject} has fields with another owner and another value: {fields}"
    hint = "each field needs one owner: remove it from the stack, or from what the other owner applies"
    return ActionError(Diagnostic("field-conflict", message, hint=hint))


def last_lines(text: str, count: int = LINES) -> tuple[str, ...]:
    """Return the last lines that are not blank."""
    return tuple(each.rstrip() for each in text.splitlines() if each.strip())[-count:]


def _at(text: str, where: str) -> str:
    address = _ADDRESS.search(text)
    named = (address["host"] or address[0]) if address else ""
    place = where or named
    return f" at `{place.rstrip('.:')}`" if place else ""
