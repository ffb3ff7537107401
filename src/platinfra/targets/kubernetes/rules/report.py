"""Problems as diagnostics."""

from collections.abc import Iterable

from platinfra.diagnostics import Diagnostic
from platinfra.targets.kubernetes.rules import pod_security
from platinfra.targets.kubernetes.rules.resource import Problem


def diagnostics(problems: Iterable[Problem]) -> list[Diagnostic]:
    """Return what people read; the rule's family decides the slug."""
    return [_diagnostic(each) for each in problems]


def _diagnostic(problem: Problem) -> Diagnostic:
    place = f"{problem.object}, {problem.path}" if problem.path else problem.object
    message, hint, rule = f"{place}: {problem.message}", problem.hint, (f"rule: {problem.rule}",)
    if problem.rule in pod_security.RULES:
        return Diagnostic("object-insecure", message, hint=hint, details=rule)
    # An API server would accept the object, which then waits for something that never comes.
    needed_by_server = {"missing-namespace", "missing-selector"}
    if problem.rule.startswith(("missing-", "no-matching-")) and problem.rule not in needed_by_server:
        return Diagnostic("object-dangling", message, hint=hint, details=rule)
    return Diagnostic("object-refused", message, hint=hint, details=rule)
