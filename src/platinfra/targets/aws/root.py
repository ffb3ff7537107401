"""The root of the Terraform folder: backend, provider, module calls, outputs. All logic is above; this only writes down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.facts.table import beside
from platinfra.model.graph import Binding, Component
from platinfra.model.reference import Reference
from platinfra.model.template import ABSENT
from platinfra.targets.aws import labels, platform, users
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.place import AwsPlace
from platinfra.targets.aws.roles import Role, roles
from platinfra.targets.aws.terraform_json import terraform_json

TERRAFORM_VERSION = ">= 1.11.0"
"""The first version with write-only arguments, which keep passwords out of the state."""
PROVIDER_VERSION = "5.100.0"
"""The version that platinfra is tested with."""
_TABLE: Mapping[str, Any] = beside(__file__)


@dataclass(frozen=True, slots=True)
class Root:
    """Everything that the root module calls, still with references."""

    place: AwsPlace
    modules: Mapping[str, Mapping[str, Any]]
    """Label to the call: `source` and inputs."""
    roles: tuple[Role, ...]
    outputs: Mapping[str, Any]

    def text(self, backend: Mapping[str, Any] | None = None) -> str:
        """Return `main.tf.json`; without a backend Terraform keeps its state in the folder."""
        provider = {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}
        terraform: dict[str, Any] = {"required_version": TERRAFORM_VERSION, "required_providers": provider}
        if backend:
            terraform["backend"] = {"s3": dict(backend)}
        account = [self.place.account]
        data = {
            "terraform": terraform,
            "provider": {"aws": {"region": self.place.region.name, "allowed_account_ids": account}},
            "variable": {"on_destroy": _TABLE["on_destroy"]},
            "module": {label: terraform_json(dict(call)) for label, call in self.modules.items()},
            "output": {
                name: {"value": terraform_json(value), "description": _TABLE["outputs"][name]}
                for name, value in self.outputs.items()
                if value
            },
        }
        return json.dumps(data, indent=2) + "\n"


def root(values: AwsValues) -> Root:
    """Return the root of a stack."""
    platform_modules = platform.modules(values)
    found = (*platform.roles(values), *roles(values), *users.roles(values))
    called = {
        **platform_modules,
        **{label: call for each in values.graph.components.values() for label, call in _component(each, values)},
        **{role.label: _identity(role, values.facts.place) for role in found},
    }
    outputs = {
        "platform": {name.replace(".", "_"): value for name, value in values.facts.platform.items()},
        "components": _components_output(values, found),
        "users": {role.key: Reference(("module", role.label, "role_arn")) for role in users.roles(values)},
        "administrators": {
            name: arn for name, each in values.graph.components.items() if (arn := values.facts.administrator(each))
        }
        if values.facts.place.kind == "kubernetes"
        else {},
        "wires": {
            values.facts.wire(each): {"provider": each.provider, **values.facts.attributes(each)}
            for each in values.graph.bindings
        },
    }
    return Root(values.facts.place, called, found, outputs)


def _component(component: Component, values: AwsValues) -> list[tuple[str, dict[str, Any]]]:
    place, tool = values.facts.place, values.tool(component)
    tags = place.tags(component.name)
    found = []
    if values.facts.module_called(component):
        found.append((labels.component(component.name), _module(component, None, values)))
    found += [
        (labels.component(component.name, consumer), _module(component, each, values))
        for each in values.graph.bindings_to(component.name)
        if (consumer := values.facts.only_consumer(each))
    ]
    found += [
        (labels.secret(component.name, name), _secret(values.facts.secret_name(component.name, name), tags, values))
        for name in tool.secrets_in(component.place)
        if not component.is_service
    ]
    found += [
        (labels.secret(each.consumer, each.name), _secret(values.facts.secret_of(each), tags, values, "password"))
        for each in values.graph.bindings_of(component.name)
        if values.facts.has_logins(each.capability) and values.graph.components[each.provider].place == "machine"
    ]
    return found


def _module(component: Component, binding: Binding | None, values: AwsValues) -> dict[str, Any]:
    """Return the call of a component's module, or that of one for a single consumer."""
    place, recipe = values.facts.place, values.facts.recipe(component)
    source = recipe.module or ""
    inputs = {name: values.value(each, component, binding) for name, each in recipe.inputs.items()}
    return {
        "source": f"./modules/{component.tool}" if source.startswith("./") else f"./modules/{source}",
        "name": place.name(component.name),
        "tags": place.tags(component.name),
        **{name: value for name, value in inputs.items() if value is not ABSENT},
    }


def _secret(name: str, tags: Mapping[str, str], values: AwsValues, field: str = "value") -> dict[str, Any]:
    return {
        "source": "./modules/secret",
        "name": name,
        "tags": tags,
        "key_arn": platform.key_arn(values),
        "fields": {},
        "generated": [field],
        "on_destroy": Reference(("var", "on_destroy")),
    }


def _identity(role: Role, place: AwsPlace) -> dict[str, Any]:
    managed = [place.arn("iam", f"policy/{each}", region="", account="aws") for each in role.managed]
    return {
        "source": "./modules/identity",
        "name": role.name,
        "tags": place.tags(role.component),
        "description": role.description,
        "trust_policy": role.trust,
        "policies": role.policies,
        "managed_policies": managed,
        "permissions_boundary": place.deployment.permissions_boundary,
        "pod_identity": role.pod,
        "instance_profile": role.instance_profile,
    }


def _components_output(values: AwsValues, found: tuple[Role, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for role in found:
        if role.component in values.graph.components:
            told: dict[str, Any] = {"role_arn": Reference(("module", role.label, "role_arn"))}
            if role.pod:
                told |= {"namespace": role.pod["namespace"], "service_account": role.pod["service_account"]}
            made.setdefault(role.component, {})[role.key] = told
    return made
