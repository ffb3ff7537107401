"""Volumes and where containers mount them."""

from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.names import is_label_at
from platinfra.targets.kubernetes.rules.pods import Template
from platinfra.targets.kubernetes.rules.resource import Problem


def volumes_are_mounted(inventory: Inventory) -> Iterator[Problem]:
    """Report mounts of volumes that do not exist, two mounts at one path, and volumes that are badly named or not one."""
    for template in inventory.templates():
        yield from _volumes(template)
        names = {each.at("name").text for each in template.spec.at("volumes").each()} | _claimed_names(template)
        for container in template.containers():
            yield from _mounts(template, container, names)


def _claimed_names(template: Template) -> set[str]:
    found = template.owner.root.find("spec", "volumeClaimTemplates", "*", "metadata", "name")
    return {each.text for each in found} if template.owner.key == "apps/StatefulSet" else set()


def _volumes(template: Template) -> Iterator[Problem]:
    seen: set[str] = set()
    for each in template.spec.at("volumes").each():
        name = each.at("name")
        if not is_label_at(name):
            message = f"`{name.text}` is not a name for a volume"
            yield template.owner.problem("invalid-name", name, message, "lower-case letters, digits and `-`")
        elif name.text in seen:
            message = f"two volumes are named `{name.text}`"
            yield template.owner.problem("duplicate-name", name, message, "rename one of them")
        seen.add(name.text)
        sources = sorted(key for key in each.mapping if key != "name" and each.mapping[key] is not None)
        if len(sources) > 1:
            message = f"the volume has {len(sources)} sources: {', '.join(sources)}"
            yield template.owner.problem("invalid-volume", each, message, "keep one of them")


def _mounts(template: Template, container: Field, names: set[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for field, path in (("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")):
        for each in container.at(field).each():
            name, target = each.at("name"), each.at(path)
            if name.text not in names:
                message = f"the pod has no volume `{name.text}`"
                yield template.owner.problem("unknown-volume", name, message, "add it to the pod's `volumes`")
            if target.text in seen:
                message = f"two volumes are mounted at `{target.text}`"
                yield template.owner.problem("duplicate-mount", target, message, "mount one of them elsewhere")
            seen.add(target.text)
            yield from _paths(template, each, target)


def _paths(template: Template, mount: Field, target: Field) -> Iterator[Problem]:
    if not target.text or ":" in target.text:
        message = f"`{target.text}` is not a path to mount at"
        yield template.owner.problem("invalid-volume", target, message, "an absolute path without a colon")
    inner = mount.at("subPath") if mount.at("subPath").present else mount.at("subPathExpr")
    if inner.text.startswith("/") or ".." in inner.text.split("/"):
        message = f"`{inner.text}` leaves the volume"
        yield template.owner.problem("invalid-volume", inner, message, "a relative path without `..`")
