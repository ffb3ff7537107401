"""What goes wrong between a client and a cluster, in the words of kubectl and Helm: one diagnostic for each."""

import re
from collections.abc import Mapping, Sequence

from platinfra.diagnostics import ActionError, Diagnostic

LINES = 12
_UNREACHABLE = re.compile(
    r"connect(?:ion)?:? (?:was |has been )?(?:refused|reset)|was refused|no such host|i/o timeout|no route to host|network is unreachable"
    r"|TLS handshake timeout|Client\.Timeout exceeded|request canceled while waiting|Unable to connect to the server"
    r"|cluster unreachable|unexpected EOF|: EOF\b|http2: client connection lost|x509: |no answer within"
    r"|connection to the server .* (?:was refused|failed)|server misbehaving|apiserver is shutting down"
)
_ADDRESS = re.compile(r"https?://[^\s/\"']+|(?:dial tcp|lookup|connection to the server) (?P<host>\[?[\w.:-]+\]?)")
_REASON = re.compile(
    r"connection (?:was )?refused|was refused|connection reset(?: by peer)?|no such host|i/o timeout|no route to host|network is unreachable"
    r"|TLS handshake timeout|Client\.Timeout exceeded|context deadline exceeded|x509: [^\n\"]+|unexpected EOF|\bEOF\b|no answer within [\d.]+ s"
)
_LOGIN = re.compile(
    r"must be logged in|Unauthorized|getting credentials|executable .* (?:not found|failed)|the server has asked for the client to provide"
    r"|ExpiredToken|token (?:has )?expired|Unable to locate credentials|exec: \""
)
_FORBIDDEN = re.compile(r"(?P<what>[^\n]{0,160}?is forbidden: [^\n]+)|(?P<other>\(Forbidden\)[^\n]*)")
_NO_KIND = re.compile(r"no matches for kind \"(?P<kind>[^\"]+)\" in version \"(?P<version>[^\"]+)\"")
_CONFLICT = re.compile(r"Apply failed with \d+ conflicts?: (?P<rest>.*)", re.DOTALL)
_MANAGER = re.compile(r"conflicts? with \"(?P<manager>[^\"]+)\"[^:\n]*:(?P<fields>[^\n]*(?:\n- [^\n]+)*)")


def problem(text: str, where: str = "") -> Diagnostic | None:
    """Return the diagnostic for a failure that has one; `where` names the cluster when the text does not."""
    if _LOGIN.search(text):
        message = f"the cluster{_at(text, where)} does not accept these credentials, or there are none"
        hint = "log in to the cluster again, for example with `aws sso login`, until `kubectl version` answers"
        return Diagnostic("cluster-login-failed", message, hint=hint, details=last_lines(text))
    if _UNREACHABLE.search(text):
        return unreachable(text, where)
    if found := _FORBIDDEN.search(text):
        said = " ".join((found["what"] or found["other"]).split())
        hint = "ask the cluster's administrator for the permission; `kubectl auth can-i` shows what you may do"
        return Diagnostic("cluster-forbidden", f"the cluster does not allow this: {said}", hint=hint)
    if found := _NO_KIND.search(text):
        message = f"the cluster has no kind `{found['kind']}` in `{found['version']}`"
        hint = "install what defines this kind first; or the cluster's version no longer has it"
        return Diagnostic("kind-missing", message, hint=hint)
    return None


def unreachable(text: str, where: str = "") -> Diagnostic:
    """Return what to tell when a cluster does not answer."""
    reason = _REASON.search(text)
    why = f": {reason[0].strip()}" if reason else ""
    hint = "check the connection, the proxy and the context; `kubectl config get-contexts` lists the contexts"
    return Diagnostic("cluster-unreachable", f"the cluster{_at(text, where)} cannot be reached{why}", hint=hint)


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
