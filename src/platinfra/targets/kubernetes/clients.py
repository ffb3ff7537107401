"""What code in a cluster hears of the tools it uses: variables, those with a secret by the Secret that holds it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from platinfra.model.graph import Binding, Component
from platinfra.model.variables import join_variables

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.facts import ClusterValues


def env(component: Component, values: "ClusterValues") -> dict[str, Any]:
    """Return the variables that everybody may read."""
    parts = ((each.provider, _variables_of_clients(each, values)) for each in _clients(component, values))
    return join_variables(parts, {"DO_NOT_TRACK": "1"})


def secret_env(component: Component, values: "ClusterValues") -> dict[str, Any]:
    """Return the variables that lie in Secrets: name to Secret and key."""
    parts = ((each.provider, _hidden_of_clients(each, values)) for each in _clients(component, values))
    return join_variables(parts, {})


def _hidden_of_clients(binding: Binding, values: "ClusterValues") -> dict[str, Any]:
    """Return the variables of one provider's clients that lie in Secrets."""
    provider = values.graph.components[binding.provider]
    told = values.facts.recipe(provider).client_secret_env
    given = {
        name: {"name": each.secret, "key": each.key}
        for name, each in told.items()
        if not provider.at or each.key in provider.credentials
    }
    return dict(values.value(given, provider, binding))


def _clients(component: Component, values: "ClusterValues") -> Iterator[Binding]:
    return (each for each in values.graph.bindings_of(component.name) if each.client)


def _variables_of_clients(binding: Binding, values: "ClusterValues") -> dict[str, Any]:
    """Return the variables of one provider's clients."""
    provider, cloud = values.graph.components[binding.provider], values.facts.place.cloud
    own = values.facts.recipe(provider).client_env
    if own is None and cloud is not None and provider.is_service:
        return dict(cloud.client_env(binding))
    return dict(values.value(values.tool(provider).client.env if own is None else own, provider, binding))


def _of_containers(component: Component, values: "ClusterValues") -> list[dict[str, Any]]:
    plain = [{"name": name, "value": value} for name, value in env(component, values).items()]
    return [*plain, *_hidden_variables(component, values)]


def _hidden_variables(component: Component, values: "ClusterValues") -> list[dict[str, Any]]:
    found = secret_env(component, values).items()
    return [{"name": name, "valueFrom": {"secretKeyRef": each}} for name, each in found]


def _by_name(component: Component, values: "ClusterValues") -> dict[str, Any]:
    return {
        **env(component, values),
        **{each["name"]: {"valueFrom": each["valueFrom"]} for each in _hidden_variables(component, values)},
    }


FORMS: Mapping[str, Callable[[Component, "ClusterValues"], Any]] = {
    "env": env,
    "list": _of_containers,
    "map": _by_name,
    "pairs": lambda component, values: [{name: value} for name, value in env(component, values).items()],
    "hidden": lambda component, values: json.dumps(_hidden_variables(component, values)),
    "names": lambda component, values: ",".join(env(component, values)),
    "secrets": lambda component, values: ",".join(secret_env(component, values)),
}
"""
What `${clients.NAME}` is in a recipe.

Plain variables as a mapping, as one mapping each, or their names only; all of them as containers have them, or by name
for charts; those in Secrets as JSON, or their names only.
"""
