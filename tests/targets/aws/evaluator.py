"""
A second opinion on policies: what AWS would decide about one call, from its documentation of the policy language.

Judged are identity policies and trust policies of roles. Resource policies, boundaries and session policies are not.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Context = Mapping[str, str | tuple[str, ...]]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One action on one resource, with what AWS knows about the request; several values are those of a list."""

    action: str
    resource: str = "*"
    context: tuple[tuple[str, str | tuple[str, ...]], ...] = field(default=())


def allowed(documents: Iterable[Document], call: Call) -> bool:
    """Tell whether a policy allows the call and none denies it."""
    effects = {
        each["Effect"] for each in _statements(documents) if _speaks_of(each, call) and _conditions_hold(each, call)
    }
    return effects == {"Allow"}


def may_assume(trust: Document, principal: Mapping[str, str], call: Call) -> bool:
    """Tell whether a role's trust policy lets the principal (`AWS`, `Service` or `Federated`) make the call."""
    effects = {
        each["Effect"]
        for each in _statements([trust])
        if _is_principal(each["Principal"], principal)
        and any(_matches(wanted.lower(), call.action.lower()) for wanted in _listed(each["Action"]))
        and _conditions_hold(each, call)
    }
    return effects == {"Allow"}


def _statements(documents: Iterable[Document]) -> Iterator[Document]:
    return (statement for document in documents for statement in _listed(document["Statement"]))


def _is_principal(wanted: Any, who: Mapping[str, str]) -> bool:
    if wanted == "*":
        return True
    return any(who.get(kind) in _listed(names) for kind, names in wanted.items())


def _speaks_of(statement: Document, call: Call) -> bool:
    if "Action" in statement:
        about = any(_matches(each.lower(), call.action.lower()) for each in _listed(statement["Action"]))
    else:
        about = not any(_matches(each.lower(), call.action.lower()) for each in _listed(statement["NotAction"]))
    if "Resource" in statement:
        return about and any(_is_resource(each, call) for each in _listed(statement["Resource"]))
    return about and not any(_is_resource(each, call) for each in _listed(statement["NotResource"]))


def _is_resource(pattern: str, call: Call) -> bool:
    """A call that has no resource matches `*` only."""
    if pattern == "*":
        return True
    known = _substituted(pattern, dict(call.context))
    return known is not None and _arn_matches(known, call.resource)


def _arn_matches(pattern: str, arn: str) -> bool:
    """Compare part by part: a wildcard does not reach beyond the colon, but for those of the resource itself."""
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(found) and all(map(_matches, wanted, found))


def _matches(pattern: str, text: str) -> bool:
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(each) or re.escape(each) for each in pattern), text, re.DOTALL) is not None


def _substituted(text: str, context: Context) -> str | None:
    """Return a text with its policy variables replaced; None when the request does not have one."""
    known = {key.lower(): value for key, value in context.items()}
    wanted = [name.lower() for name in re.findall(r"\$\{([^*?$][^}]*)\}", text)]
    if not all(isinstance(known.get(name), str) for name in wanted):
        return None
    return re.sub(r"\$\{([^*?$][^}]*)\}", lambda found: str(known[found[1].lower()]), text)


_POSITIVE: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.lower() == found.lower(),
    "StringLike": _matches,
    "ArnEquals": _arn_matches,
    "ArnLike": _arn_matches,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
}
_NEGATIVE = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _conditions_hold(statement: Document, call: Call) -> bool:
    """All operators, all their keys; one of a key's values is enough."""
    context = {key.lower(): value for key, value in call.context}
    return all(
        _holds(operator, [str(each) for each in _listed(wanted)], context.get(key.lower()), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: list[str], found: str | tuple[str, ...] | None, context: Context) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (found is None) == (wanted[0].lower() == "true")
    if_exists, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    negative = name in _NEGATIVE
    check = _POSITIVE[_NEGATIVE.get(name, name)]
    if found is None:
        return if_exists or quantifier == "ForAllValues" or (negative and quantifier != "ForAnyValue")
    values = found if isinstance(found, tuple) else (found,)
    if not quantifier and len(values) != 1:
        msg = f"{operator} compares one value, and the request has {len(values)}"
        raise ValueError(msg)
    known = [each for each in (_substituted(text, context) for text in wanted) if each is not None]
    results = [any(check(each, value) for each in known) != negative for value in values]
    return any(results) if quantifier == "ForAnyValue" else all(results)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
