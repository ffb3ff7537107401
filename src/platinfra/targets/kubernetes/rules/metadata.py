"""The syntax of labels and annotations. Source: Kubernetes' documentation, "Labels and Selectors" and "Annotations"."""

import re
from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.names import DNS_SUBDOMAIN, LONGEST
from platinfra.targets.kubernetes.rules.pods import templates
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

_WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_ANNOTATIONS_BYTES = 256 * 1024
_KEY_HINT = "write `name` or `domain/name`: letters, digits, `-`, `_` and `.`, 63 characters after the slash"
_VALUE_HINT = "use letters, digits, `-`, `_` and `.`, 63 characters at most; begin and end with a letter or digit"
_SELECTORS = (
    ("spec", "selector", "matchLabels"),
    ("spec", "podSelector", "matchLabels"),
    ("spec", "namespaceSelector", "matchLabels"),
)


def is_key(text: str) -> bool:
    """Tell whether a text is a key of a label: an optional DNS name and a word."""
    domain, slash, word = text.rpartition("/")
    named = not slash or (len(domain) <= LONGEST and DNS_SUBDOMAIN.fullmatch(domain) is not None)
    return named and len(word) <= 63 and _WORD.fullmatch(word) is not None


def is_value(value: object) -> bool:
    """Tell whether something is a value of a label."""
    return isinstance(value, str) and (value == "" or (len(value) <= 63 and _WORD.fullmatch(value) is not None))


def labels_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report labels and annotations that an API server refuses, on objects, on pods and in selectors."""
    for each in inventory.checked:
        yield from _labels(each, each.at("metadata", "labels"))
        yield from _annotations(each, each.at("metadata", "annotations"))
        yield from (problem for path in _SELECTORS for problem in _labels(each, each.at(*path)))
        if each.key == "Service":
            yield from _labels(each, each.at("spec", "selector"))
        yield from _of_pods(each)


def _of_pods(resource: Resource) -> Iterator[Problem]:
    for template in templates(resource):
        yield from _labels(resource, template.spec.at("nodeSelector"))
        if resource.key != "Pod":
            yield from _labels(resource, template.place.at("metadata", "labels"))
            yield from _annotations(resource, template.place.at("metadata", "annotations"))


def _labels(resource: Resource, labels: Field) -> Iterator[Problem]:
    for key, value in labels.mapping.items():
        place = labels.at(str(key))
        if not is_key(str(key)):
            yield resource.problem("invalid-label", place, f"`{key}` is not a key of a label", _KEY_HINT)
        elif not isinstance(value, str):
            message = f"the label's value {value!r} is not a string"
            yield resource.problem("invalid-label", place, message, f'write "{value}" in quotes')
        elif not is_value(value):
            yield resource.problem("invalid-label", place, f"`{value}` is not a value of a label", _VALUE_HINT)


def _annotations(resource: Resource, annotations: Field) -> Iterator[Problem]:
    for key, value in annotations.mapping.items():
        if not is_key(str(key).lower()):
            message = f"`{key}` is not a key of an annotation"
            yield resource.problem("invalid-annotation", annotations.at(str(key)), message, _KEY_HINT)
        elif not isinstance(value, str):
            message = f"the annotation's value {value!r} is not a string"
            yield resource.problem(
                "invalid-annotation", annotations.at(str(key)), message, f'write "{value}" in quotes'
            )
    size = sum(len(f"{key}{value}".encode()) for key, value in annotations.mapping.items())
    if size > _ANNOTATIONS_BYTES:
        message = f"the annotations hold {size} bytes, and an object may have {_ANNOTATIONS_BYTES}"
        yield resource.problem("invalid-annotation", annotations, message, "move the content to a ConfigMap")
