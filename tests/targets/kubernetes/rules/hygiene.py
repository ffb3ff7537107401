"""What a pod of a careful platform has, although no API server asks for it; our own pods are held to it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory, inventory
from platinfra.targets.kubernetes.rules.known import Known
from platinfra.targets.kubernetes.rules.pods import SHORT_LIVED, Template
from platinfra.targets.kubernetes.rules.rbac import BINDINGS
from platinfra.targets.kubernetes.rules.resource import Problem

RULES = frozenset(
    {
        "missing-resources",
        "image-tag",
        "mounted-token",
        "writable-root",
        "missing-liveness-probe",
        "missing-readiness-probe",
    }
)
"""The names of the rules."""
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_LASTING = ("containers", "initContainers")


def careless(objects: Sequence[Mapping[str, Any]], *, known: Known) -> list[Problem]:
    """Return pods without resources, fixed images, probes, a read-only file system, or with a token they do not need."""
    stock = inventory(objects, known)
    return [problem for template in stock.templates() for problem in _pod(stock, template)]


def _pod(stock: Inventory, template: Template) -> Iterator[Problem]:
    yield from _token(stock, template)
    for container in template.containers(*_LASTING):
        yield from _resources(template, container)
        yield from _image(template, container)
        yield from _root(template, container)
    if template.owner.key not in SHORT_LIVED and template.spec.at("restartPolicy").text in {"", "Always"}:
        for container in template.containers("containers"):
            yield from _probes(template, container)


def _resources(template: Template, container: Field) -> Iterator[Problem]:
    for field in ("requests", "limits"):
        for name in ("cpu", "memory"):
            place = container.at("resources", field, name)
            if not place.present and not template.spec.at("resources", field, name).present:
                message = f"the container has no {name} among its {field}"
                yield template.owner.problem("missing-resources", place, message, f"write `resources.{field}.{name}`")


def _image(template: Template, container: Field) -> Iterator[Problem]:
    place = container.at("image")
    name, _, tag = place.text.rpartition("/")[2].partition(":")
    if not _DIGEST.fullmatch(place.text) and (tag in {"", "latest"} or "@" in name):
        message = f"`{place.text}` may be another image tomorrow"
        yield template.owner.problem("image-tag", place, message, "write a version, or better a digest (@sha256:…)")


def _root(template: Template, container: Field) -> Iterator[Problem]:
    place = container.at("securityContext", "readOnlyRootFilesystem")
    if place.value is not True:
        message = "the container may write to its image's file system"
        hint = "readOnlyRootFilesystem: true, with an emptyDir for the paths it writes to"
        yield template.owner.problem("writable-root", place, message, hint)


def _probes(template: Template, container: Field) -> Iterator[Problem]:
    for rule, field in (("missing-liveness-probe", "livenessProbe"), ("missing-readiness-probe", "readinessProbe")):
        if not container.at(field).mapping:
            message = f"the container keeps running and has no {field}"
            yield template.owner.problem(rule, container.at(field), message, f"write `{field}`")


def _token(stock: Inventory, template: Template) -> Iterator[Problem]:
    place, namespace = template.spec.at("automountServiceAccountToken"), template.owner.namespace
    name = template.spec.at("serviceAccountName").text or template.spec.at("serviceAccount").text or "default"
    account = stock.find("ServiceAccount", namespace, name)
    of_account = account.at("automountServiceAccountToken").value if account else None
    mounts = place.value if place.present else of_account
    if mounts is not False and not is_bound(stock, namespace, name):
        message = f"the pod mounts a token of `{name}`, an account without a role"
        yield template.owner.problem("mounted-token", place, message, "automountServiceAccountToken: false")


def is_bound(inventory: Inventory, namespace: str, account: str) -> bool:
    """Tell whether a binding gives an account a role."""
    wanted = (namespace, account)
    return any(
        (each.at("namespace").text, each.at("name").text) == wanted and each.at("kind").text == "ServiceAccount"
        for key in BINDINGS
        for binding in inventory.all(key)
        for each in binding.at("subjects").each()
    )
