"""Secrets: the credentials of each wire, and what a tool's chart wants to read; values are fetched when they are applied."""

from collections.abc import Iterator
from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.targets.kubernetes.place import metadata
from platinfra.targets.kubernetes.values import Values

Object = dict[str, Any]


def objects(component: Component, values: Values) -> Iterator[Object]:
    """Yield the Secrets of a component: one for each wire with credentials, and those its recipe names."""
    for binding in values.graph.bindings_of(component.name):
        if values.has_credentials(binding):
            yield _secret(values.secret_name(binding), _of_wire(binding, values), component, values)
    for name, templates in values.recipe(component).secrets.items():
        content = values.value(templates, component)
        if content:
            yield _secret(f"{component.name}-{name}", content, component, values)


def copied_secrets(values: Values) -> dict[str, frozenset[str]]:
    """Return the Secrets that people make themselves for what is outside the cluster: name to the entries it needs."""
    found: dict[str, frozenset[str]] = {}
    for component in values.graph.components.values():
        if (existing := values.existing(component)) and values.graph.bindings_to(component.name):
            name = str(values.value(existing.secret, component))
            found[name] = found.get(name, frozenset()) | frozenset(existing.keys)
    return found


def _of_wire(binding: Binding, values: Values) -> Object:
    """Return what the Secret of one wire holds."""
    provider = values.graph.components[binding.provider]
    if told := values.recipe(provider).credentials.get(binding.capability):
        return dict(values.value(told, provider, binding))
    names = map(str, values.catalog.capability(binding.capability).credentials)
    found = {name: values.attribute(binding, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _secret(name: str, content: Object, component: Component, values: Values) -> Object:
    data = {key: str(value) if isinstance(value, int) else value for key, value in content.items()}
    meta = metadata(name, values.place, component)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "stringData": data}
