"""What a problem of Terraform or AWS means: the slugs of the known ones, and what to do about them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.terraform_events import Problem

_LINES = 20
_WHAT = re.compile(r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>[^\s,]+))?")
_CALL = re.compile(r"operation error [\w -]+: (\w+)|when calling the (\w+) operation")
_LOCK = re.compile(r"^\s*(?P<name>ID|Who|Created|Operation):[ \t]*(?P<value>\S.*?)\s*$", re.MULTILINE)


class _Known(NamedTuple):
    """A problem that AWS or Terraform words in a way that `pattern` finds; the message may use what `_fields` returns."""

    pattern: re.Pattern[str]
    diagnostic: Diagnostic
    details: bool


def _known_problem(code: str, pattern: re.Pattern[str], message: str, hint: str, *, details: bool = True) -> _Known:
    return _Known(pattern, Diagnostic(code, message, hint=hint), details)


_KNOWN = (
    _known_problem(
        "state-not-saved",
        re.compile(r"Failed to (?:save|persist) state|errored\.tfstate"),
        "the state could not be saved in its bucket and was kept in the stack's folder",
        "fix the cause and run the command again on this machine: the kept state is saved first",
    ),
    _known_problem(
        "state-locked",
        re.compile(r"Lock Info:"),
        "the state has been locked by `{who}` since {since} ({what}, id {id})",
        "wait for it to end; if it died, `platinfra unlock` releases the lock",
        details=False,
    ),
    _known_problem(
        "provider-unavailable",
        re.compile(r"Failed to (?:query available provider packages|install provider)"),
        "Terraform cannot get the AWS provider",
        "check the connection and the proxy; without a network, set a provider mirror in TF_CLI_CONFIG_FILE",
    ),
    _known_problem(
        "credentials-expired",
        re.compile(
            r"ExpiredToken|RequestExpired|token (?:included in the request )?(?:is|has) expired"
            r"|SSO (?:session|token).{0,60}(?:expired|invalid|not exist)|refresh cached SSO token failed|refresh failed",
            re.IGNORECASE,
        ),
        "the AWS credentials have expired",
        "log in again (for example `aws sso login`), and run the command again: it continues where it stopped",
        details=False,
    ),
    _known_problem(
        "credentials-missing",
        re.compile(
            r"No valid credential sources|failed to refresh cached credentials|NoCredentialProviders"
            r"|Unable to locate credentials|Partial credentials|config profile .* could not be found"
        ),
        "no AWS credentials found",
        "log in with `aws configure` or `aws sso login`, or set AWS_PROFILE",
    ),
    _known_problem(
        "credentials-refused",
        re.compile(r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId"),
        "AWS does not accept these credentials",
        "check AWS_PROFILE and the access keys; a deleted or mistyped key looks like this",
        details=False,
    ),
    _known_problem(
        "quota-exceeded",
        re.compile(r"(?<!Request)(?<!Rate)(?:LimitExceeded|QuotaExceeded|LimitReached)|TooManyBuckets"),
        "{subject} exceeds a quota of the account",
        "request an increase at https://console.aws.amazon.com/servicequotas, or remove what is not needed",
    ),
    _known_problem(
        "resource-exists",
        re.compile(r"AlreadyExist|AlreadyOwnedByYou|ResourceExistsException|InvalidGroup\.Duplicate|already exists"),
        "{subject} already exists in the account and was not created by this stack",
        "remove or rename it, choose another name for the stack, or declare it as an existing one",
    ),
    _known_problem(
        "access-denied",
        re.compile(
            r"AccessDenied|UnauthorizedOperation|AuthorizationError|not authorized to perform|StatusCode: 403",
            re.IGNORECASE,
        ),
        "AWS does not allow {action}{resource}{purpose}",
        "`platinfra permissions --operator` prints the minimal permissions to deploy this stack",
    ),
    _known_problem(
        "no-network",
        re.compile(
            r"no such host|i/o timeout|connection refused|network is unreachable|TLS handshake timeout|no route to host"
            r"|Could not connect to the endpoint|(?:Connect|Read) timeout on|connect to proxy|SSL validation failed"
        ),
        "AWS cannot be reached",
        "check the connection, the proxy and AWS_ENDPOINT_URL",
    ),
)


def action_error(problems: Iterable[Problem]) -> ActionError:
    """Return one error for all problems; the same one twice is told once."""
    return ActionError(*dict.fromkeys(explain(each, "terraform-failed") for each in problems))


def explain(problem: Problem, otherwise: str) -> Diagnostic:
    """Turn a problem of Terraform or AWS into a diagnostic; `otherwise` is the slug of one that keeps its own words."""
    text = f"{problem.summary}\n{problem.detail}"
    known = next((each for each in _KNOWN if each.pattern.search(text)), None)
    if known is None:
        subject = f"`{problem.address}` failed: " if problem.address else ""
        return Diagnostic(otherwise, subject + _summary(problem), severity=problem.severity, details=_details(problem))
    details = (" ".join(problem.summary.split()), *_details(problem)) if known.details else ()
    message = known.diagnostic.message.format(**_fields(problem, text))
    return replace(known.diagnostic, message=message, severity=problem.severity, details=details)


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
