"""
The *restricted* profile of the Pod Security Standards, baseline included.

Source: Kubernetes' documentation, "Pod Security Standards", as of 1.34. Windows pods are judged like Linux ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from platinfra.facts.table import beside
from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.pods import CONTAINERS, templates
from platinfra.targets.kubernetes.rules.resource import Problem, resources

Exceptions = Mapping[tuple[str, str], str]
"""From an object (`DaemonSet ns/name`) and a rule to the reason why the object may break it."""
Finding = tuple[str, Field, str, str]
"""A rule, a place, what is wrong there, and what mends it."""
Row = Mapping[str, Any]

_TABLE: Mapping[str, Any] = beside(__file__)
_VOLUMES = frozenset(_TABLE["volumes"])
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
RULES = frozenset(
    {"volume-types", "host-path", "run-as-non-root"}
    | {row["rule"] for part in ("pod", "context", "container") for row in _TABLE[part]}
)
"""The names of the rules, in the words of the standard."""


def restricted_objects(objects: Sequence[Mapping[str, Any]], *, exceptions: Exceptions | None = None) -> list[Problem]:
    """Return where the pods of objects break the profile; an exception without a reason excuses nothing."""
    excused = exceptions or {}
    found = (
        each.problem(rule, at, message, hint)
        for each in resources(objects)
        for template in templates(each)
        for rule, at, message, hint in _findings(template.place)
    )
    return [each for each in found if not excused.get((each.object, each.rule))]


def _findings(template: Field) -> Iterator[Finding]:
    spec = template.at("spec")
    containers = [each for name in CONTAINERS for each in spec.at(name).each()]
    yield from _broken_rows("pod", [spec])
    yield from _volume_types(spec)
    yield from _broken_rows("context", [holder.at("securityContext") for holder in (spec, *containers)])
    yield from _broken_rows("container", containers)
    for container in containers:
        yield from _dropped_capabilities(container)
    yield from _run_as_non_root(spec, containers)
    yield from _seccomp_set(spec, containers)
    yield from _apparmor_annotations(template.at("metadata", "annotations"))


def _broken_rows(part: str, holders: Sequence[Field]) -> Iterator[Finding]:
    """Yield the fields below some places whose values a part of the table does not allow."""
    for row in _TABLE[part]:
        for holder in holders:
            if "if" not in row or holder.at(row["if"]).present:
                for place in _places(holder, row["at"].split()):
                    if not _is_allowed(place.value, row):
                        yield row["rule"], place, row["message"].format(value=place.value), row["hint"]


def _places(holder: Field, pattern: list[str]) -> Iterable[Field]:
    """Return the places of a pattern below another; what follows the last `*` may be absent."""
    last = len(pattern) - pattern[::-1].index("*") if "*" in pattern else 0
    return (each.at(*pattern[last:]) for each in holder.find(*pattern[:last])) if last else [holder.at(*pattern)]


def _is_allowed(value: Any, row: Row) -> bool:
    if "forbidden" in row:
        return value not in row["forbidden"]
    return any(type(value) is type(each) and value == each for each in row["allowed"])


def _volume_types(spec: Field) -> Iterator[Finding]:
    for volume in spec.at("volumes").each():
        kinds = {key for key, value in volume.mapping.items() if key != "name" and value is not None}
        if "hostPath" in kinds:
            yield "host-path", volume.at("hostPath"), "the pod mounts a folder of its node", "use another volume"
        elif kinds and not kinds & _VOLUMES:
            message = f"volumes of the type {', '.join(sorted(kinds))} are not allowed"
            yield "volume-types", volume, message, f"one of {', '.join(sorted(_VOLUMES))}"


def _dropped_capabilities(container: Field) -> Iterator[Finding]:
    dropped = container.at("securityContext", "capabilities", "drop")
    if "ALL" not in [each.value for each in dropped.each()]:
        yield "capabilities", dropped, "the container keeps capabilities", "drop: [ALL]"


def _run_as_non_root(spec: Field, containers: Iterable[Field]) -> Iterator[Finding]:
    """Judge by the container's word, and by the pod's where it has none."""
    pod = spec.at("securityContext", "runAsNonRoot")
    for container in containers:
        place = container.at("securityContext", "runAsNonRoot")
        decisive = place if place.present else pod
        if decisive.value is not True:
            yield "run-as-non-root", place, "the container may run as root", "runAsNonRoot: true"


def _seccomp_set(spec: Field, containers: Iterable[Field]) -> Iterator[Finding]:
    if spec.at("securityContext", "seccompProfile", "type").present:
        return
    for container in containers:
        place = container.at("securityContext", "seccompProfile")
        if not place.at("type").present:
            yield "seccomp", place, "no seccomp profile is set", "seccompProfile: {type: RuntimeDefault}"


def _apparmor_annotations(annotations: Field) -> Iterator[Finding]:
    for key, value in annotations.mapping.items():
        allowed = value == "runtime/default" or str(value).startswith("localhost/")
        if str(key).startswith(_APPARMOR_ANNOTATION) and not allowed:
            yield "apparmor", annotations.at(str(key)), f"the AppArmor profile is `{value}`", "runtime/default"
