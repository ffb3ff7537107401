"""The syntax of names. Source: Kubernetes' documentation, "Object Names and IDs", and apimachinery's validation."""

import re
from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.pods import Template
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_LABEL = re.compile(_LABEL)
DNS_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[^/%]+")
_DATA_KEY = re.compile(r"(?!\.{1,2}\Z)(?!\.\.)[-._a-zA-Z0-9]+")
_ENVIRONMENT = re.compile(r"[ -<>-~]+")
LONGEST = 253
"""Characters of a DNS name."""
_RBAC = "rbac.authorization.k8s.io"
_FREE = frozenset(f"{_RBAC}/{kind}" for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"))
_LIMITS = {"batch/CronJob": 52, "apps/StatefulSet": 52, "batch/Job": 63, "Service": 63, "Namespace": 63}
"""Shorter than syntax asks: controllers append to the name and write it into labels, which hold 63 characters."""
_SUBDOMAIN_HINT = "use lower-case letters, digits, `-` and `.`; begin and end with a letter or digit"
_LABEL_HINT = "use lower-case letters, digits and `-`; begin and end with a letter or digit; 63 characters at most"


def names_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report names that an API server refuses: of objects, containers, variables and keys of data."""
    for each in inventory.checked:
        yield from _object_name(each)
        yield from _data_keys(each)
    for template in inventory.templates():
        yield from _container_names(template)
        yield from _variables(template)


def _object_name(resource: Resource) -> Iterator[Problem]:
    place, prefix = resource.at("metadata", "name"), resource.at("metadata", "generateName").text
    name = place.text or (f"{prefix}x" if prefix else "")
    pattern, hint, limit = _syntax(resource)
    if not name:
        yield resource.problem("invalid-name", place, "the object has no name", "write `metadata.name`")
    elif len(name) > limit:
        message = f"`{name}` has {len(name)} characters, and a {resource.kind} may have {limit}"
        yield resource.problem("invalid-name", place, message, "shorten it")
    elif not pattern.fullmatch(name):
        yield resource.problem("invalid-name", place, f"`{name}` is not a name for a {resource.kind}", hint)
    elif resource.kind == "CustomResourceDefinition" and name != (wanted := _definition_name(resource)):
        yield resource.problem("invalid-name", place, f"`{name}` is not its plural and group", f"name it `{wanted}`")


def _syntax(resource: Resource) -> tuple[re.Pattern[str], str, int]:
    limit = _LIMITS.get(resource.key, LONGEST)
    if resource.key in {"Service", "Namespace"}:
        begins_with_letter = resource.key == "Service"
        hint = f"{_LABEL_HINT}; begin with a letter" if begins_with_letter else _LABEL_HINT
        return (DNS_LABEL_1035 if begins_with_letter else DNS_LABEL), hint, limit
    if resource.key in _FREE:
        return _PATH_SEGMENT, "leave out `/` and `%`", limit
    return DNS_SUBDOMAIN, _SUBDOMAIN_HINT, limit


def _definition_name(resource: Resource) -> str:
    spec = resource.at("spec")
    return f"{spec.at('names', 'plural').text}.{spec.at('group').text}"


def _data_keys(resource: Resource) -> Iterator[Problem]:
    if resource.key not in {"ConfigMap", "Secret"}:
        return
    for field in ("data", "stringData", "binaryData"):
        for key in resource.at(field).mapping:
            if not _DATA_KEY.fullmatch(str(key)) or len(str(key)) > LONGEST:
                message = f"`{key}` is not a key of a {resource.kind}"
                hint = "use letters, digits, `-`, `_` and `.`"
                yield resource.problem("invalid-name", resource.at(field, str(key)), message, hint)


def _container_names(template: Template) -> Iterator[Problem]:
    seen: set[str] = set()
    for each in template.containers():
        place = each.at("name")
        if not _is_label(place.text):
            message = f"`{place.text}` is not a name for a container"
            yield template.owner.problem("invalid-name", place, message, _LABEL_HINT)
        elif place.text in seen:
            message = f"two containers of the pod are named `{place.text}`"
            yield template.owner.problem("duplicate-name", place, message, "rename one of them")
        seen.add(place.text)


def _variables(template: Template) -> Iterator[Problem]:
    for container in template.containers():
        seen: set[str] = set()
        for each in container.at("env").each():
            place = each.at("name")
            if not _ENVIRONMENT.fullmatch(place.text):
                message = f"`{place.text}` is not a name for an environment variable"
                yield template.owner.problem("invalid-name", place, message, "use letters, digits and `_`")
            elif place.text in seen:
                message = f"the container has two variables `{place.text}`, and server-side apply refuses that"
                yield template.owner.problem("duplicate-name", place, message, "remove one of them")
            seen.add(place.text)


def _is_label(text: str) -> bool:
    return len(text) <= 63 and DNS_LABEL.fullmatch(text) is not None


def is_label_at(place: Field) -> bool:
    """Tell whether a DNS label of 63 characters at most stands at a place."""
    return _is_label(place.text)
