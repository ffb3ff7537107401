"""Who changed a stack: the entries of its audit log, and whether each is still what was written."""

from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app.stacks import brought_up
from platinfra.diagnostics import Diagnostic, PlatinfraError, Span
from platinfra.model.audit import AuditEntry

if TYPE_CHECKING:
    from platinfra.drivers.audit_log import AuditLog


def entries(file: Path | None, environment: str | None) -> tuple[list[AuditEntry], Diagnostic | None]:
    """Return the entries of a stack's log that can be read, the newest first, and what is wrong with the log."""
    log = _log(file, environment)
    return list(reversed(log.entries())), _problem(log)


def verify(file: Path | None, environment: str | None) -> int:
    """Return how many entries the log has; raise PlatinfraError with the first line that is not what was written."""
    log = _log(file, environment)
    if problem := _problem(log):
        raise PlatinfraError(problem)
    return len(log.lines())


def _log(file: Path | None, environment: str | None) -> "AuditLog":
    from platinfra.drivers.audit_log import AuditLog

    workspace, target = brought_up(file, environment)
    if not target.audited:
        raise target.missing("audit")
    return AuditLog(workspace.root)


def _problem(log: "AuditLog") -> Diagnostic | None:
    found = log.find_break()
    if found is None:
        return None
    lines = log.lines()
    source = lines[found.line - 1].decode(errors="replace") if found.line <= len(lines) else ""
    span = Span(str(log.path), found.line, 1, len(source) + 1, source)
    hint = "compare it with a copy, such as a backup; the entries before it are as they were written"
    return Diagnostic("audit-broken", f"line {found.line} of the audit log {found.what}", span, hint)
