"""
IAM enforcement: which resources a call is about, and statements judged as AWS does.

Own here are `?` wildcards, literal dots, NotResource, Effect before everything else, conditions of the operators below
(an unknown operator fails the statement), calls about several resources, and iam:PassRole for the roles a call hands on.
Not judged: resource policies (S3 has its own path in moto), permission boundaries, session policies, key policies.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from moto.iam.access_control import IAMPolicy, IAMPolicyStatement, IAMRequestBase, PermissionResult

from . import instead_of

Context = Mapping[str, str]
_PREFIXES = {"monitoring": "cloudwatch"}
"""Name in the signature → prefix of the actions, where they differ."""
_SECURE = {"aws:SecureTransport": "true"}
"""Pretended: the server speaks plain HTTP."""


def matches(pattern: str, text: str, flags: int = 0) -> bool:
    """Match the wildcards `*` and `?`; everything else stands for itself."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), text, flags | re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.lower() == found.lower(),
    "StringNotEquals": lambda wanted, found: wanted != found,
    "StringLike": matches,
    "StringNotLike": lambda wanted, found: not matches(wanted, found),
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
}


def _holds(operator: str, wanted: Sequence[Any], found: str | None) -> bool:
    name = operator.removesuffix("IfExists").partition(":")[2] or operator.removesuffix("IfExists")
    if name == "Null":
        return (found is None) == (str(wanted[0]).lower() == "true")
    if found is None:
        return operator.endswith("IfExists") or operator.startswith("ForAllValues:") or "Not" in name
    check = _OPERATORS.get(name)
    quantified = all if "Not" in name else any
    return check is not None and quantified(check(str(each), found) for each in wanted)


def concerns(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    """Tell whether a statement of an identity's policy speaks about an action on a resource."""

    def covers(name: str, text: str, flags: int = 0) -> bool:
        if name in statement:
            return any(matches(each, text, flags) for each in _listed(statement[name]))
        return not any(matches(each, text, flags) for each in _listed(statement.get(f"Not{name}", "*")))

    conditions = statement.get("Condition", {})
    known = {name.lower(): value for name, value in context.items()}
    return (
        covers("Action", action, re.IGNORECASE)
        and covers("Resource", resource)
        and all(
            _holds(operator, _listed(wanted), known.get(key.lower()))
            for operator, keys in conditions.items()
            for key, wanted in keys.items()
        )
    )


def allowed(documents: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context) -> bool:
    """Tell whether an Allow concerns the call and no Deny does."""
    statements = [each for document in documents for each in _listed(document["Statement"])]
    effects = {each["Effect"] for each in statements if concerns(each, action, resource, context)}
    return effects == {"Allow"}


def _documents(request: IAMRequestBase) -> list[Mapping[str, Any]]:
    return [IAMPolicy(each)._policy_json for each in request._access_key.collect_policies()]


def _context(request: IAMRequestBase) -> dict[str, str]:
    """Return what is known of a call; keys of S3's query are conditions too."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(request._path).query).items()}
    listing = {f"s3:{name}": query.get(name, "") for name in ("prefix", "delimiter", "max-keys") if name in query}
    listing = listing if request._service == "s3" else {}
    return {"aws:RequestedRegion": request._region, **_SECURE, **listing}


@instead_of(IAMPolicyStatement, "is_action_permitted")
def is_action_permitted(
    moto: Callable[..., Any], self: IAMPolicyStatement, action: str, resource: str = "*", *more: Any
) -> PermissionResult:
    """Judge a bucket's policy, which moto asks whether IAM is enforced or not; a role's trust stays with moto."""
    statement = self._statement
    if "Resource" not in statement or self.is_unknown_principal(statement.get("Principal")):
        return moto(self, action, resource, *more)
    if not concerns(statement, action, resource, _SECURE):
        return PermissionResult.NEUTRAL
    return PermissionResult.PERMITTED if statement["Effect"] == "Allow" else PermissionResult.DENIED


@instead_of(IAMRequestBase, "check_signature")
def check_signature(moto: Callable[..., Any], self: IAMRequestBase) -> None:
    """Believe every signature: moto miscalculates those of addresses with an escaped query."""


@instead_of(IAMRequestBase, "check_action_permitted")
def check_action_permitted(moto: Callable[..., Any], self: IAMRequestBase, resource: Any) -> None:
    """Ask about every resource of the call and every role it hands on; a role's trust stays with moto."""
    if self._action == "sts:GetCallerIdentity":
        return
    if isinstance(resource, str) and self._is_assuming_role_operation(resource):
        moto(self, resource)
        return
    service, _, name = self._action.partition(":")
    documents, context = _documents(self), _context(self)
    action = f"{_PREFIXES.get(service, service)}:{name}"
    resources, more, passed = resource if isinstance(resource, tuple) else ((resource,), {}, ())
    wanted = [(action, each, {**context, **more}) for each in resources]
    wanted += [("iam:PassRole", role, {**context, "iam:PassedToService": to}) for role, to in passed]
    if not all(allowed(documents, *each) for each in wanted):
        self._raise_access_denied()
