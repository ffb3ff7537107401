"""Secrets: the credentials of each wire, and what a tool's chart wants to read; values are fetched when they are applied."""

from collections.abc import Iterator
from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.model.template import ABSENT
from platinfra.targets.kubernetes.facts import ClusterValues
from platinfra.targets.kubernetes.place import metadata

Object = dict[str, Any]


def objects(component: Component, values: ClusterValues) -> Iterator[Object]:
    """Yield the Secrets of a component: one for each wire with credentials, and those its recipe names."""
    for binding in values.graph.bindings_of(component.name):
        if values.facts.has_credentials(binding):
            yield _secret(values.facts.secret_name(binding), _of_wire(binding, values), component, values)
    for name, templates in values.facts.recipe(component).secrets.items():
        content = values.value(templates, component)
        if content:
            yield _secret(f"{component.name}-{name}", content, component, values)


def copied_secrets(values: ClusterValues) -> dict[str, frozenset[str]]:
    """Return the Secrets that people make themselves for what is outside the cluster: name to the entries it needs."""
    found: dict[str, frozenset[str]] = {}
    for component in values.graph.components.values():
        existing = None if component.at else values.facts.existing(component)
        if existing and values.graph.bindings_to(component.name):
            name = str(values.value(existing.secret, component))
            found[name] = found.get(name, frozenset()) | frozenset(existing.keys)
    return found


def of_servers(values: ClusterValues) -> dict[str, frozenset[str]]:
    """Return the Secrets that people make for servers which are there already: pods read them as they are."""
    found: dict[str, frozenset[str]] = {}
    for component in values.graph.components.values():
        existing = values.facts.existing(component)
        if component.at and component.credentials and existing:
            found[str(values.value(existing.secret, component))] = frozenset(component.credentials)
    return found


def _of_wire(binding: Binding, values: ClusterValues) -> Object:
    """Return what the Secret of one wire holds."""
    provider = values.graph.components[binding.provider]
    if told := values.facts.recipe(provider).credentials.get(binding.capability):
        return dict(values.value(told, provider, binding))
    names = map(str, values.catalog.capability(binding.capability).credentials)
    found = {name: values.attribute(binding, name) for name in names}
    return {name: value for name, value in found.items() if value is not ABSENT}


def _secret(name: str, content: Object, component: Component, values: ClusterValues) -> Object:
    data = {key: str(value) if isinstance(value, int) else value for key, value in content.items()}
    meta = metadata(name, values.facts.place, component)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "stringData": data}
