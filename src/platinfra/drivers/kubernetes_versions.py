"""Whether a version meets a constraint, as `kubeVersion` in Chart.yaml has them: `>=1.28.0-0 <2`, `^1.30 || ~1.29`."""

import re

_TERM = re.compile(
    r"(?P<sign>[<>]=?|=>|=<|!=|==?|~>?|\^)?\s*v?(?P<number>[0-9xX*]+(?:\.[0-9xX*]+){0,2})(?:[-+][\w.+-]*)?"
)
_RANGE = re.compile(r"(\S+)\s+-\s+(\S+)")
Numbers = tuple[int, ...]


def numbers(version: str) -> Numbers:
    """Return the first three numbers of a version: `v1.34.2-eks-1` is (1, 34, 2)."""
    found = re.match(r"\D*(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    return tuple(int(each or 0) for each in found.groups()) if found else (0, 0, 0)


def satisfies(version: str, constraint: str) -> bool:
    """
    Tell whether a version meets a constraint; what cannot be read counts as met.

    Pre-releases are compared by their numbers alone: providers append words of their own to Kubernetes' versions.
    """
    found = numbers(version)
    return any(_meets_all(found, each) for each in constraint.split("||"))


def _meets_all(version: Numbers, constraint: str) -> bool:
    text = _RANGE.sub(r">=\1 <=\2", constraint)
    return all(_meets(version, each["sign"] or "", each["number"]) for each in _TERM.finditer(text))


def _meets(version: Numbers, sign: str, text: str) -> bool:
    given = [int(each) for each in re.findall(r"\d+", re.split(r"[xX*]", text)[0])]
    low = tuple([*given, 0, 0, 0][:3])
    after = _after(given, sign)
    if sign in ("", "=", "==", "~", "~>", "^"):
        return low <= version and (after is None or version < after)
    if sign == "!=":
        return not _meets(version, "", text)
    if sign in (">=", "=>"):
        return version >= low
    if sign == ">":
        return version > low if len(given) == 3 or after is None else version >= after
    if sign == "<":
        return version < low
    return after is None or version < after


def _after(given: list[int], sign: str) -> Numbers | None:
    """Return the first version that is too new for what was written; None when every one will do."""
    if not given:
        return None
    place = len(given) - 1
    if sign in ("~", "~>"):
        place = min(place, 1)
    if sign == "^":
        place = next((position for position, each in enumerate(given) if each), place)
    return (*given[:place], given[place] + 1, *[0] * (2 - place))
