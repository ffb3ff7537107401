"""
What references stand for on AWS.

In the inputs of modules what only AWS knows stays a Reference, which Terraform reads as its own expression
(`${module.component_rds.host}`). In policy documents names that platinfra chooses are written out, so that a document
is known before anything exists; only ids that AWS chooses stay references.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import AwsRun, Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.reference import Reference
from platinfra.model.template import ABSENT, fill
from platinfra.resolve.identifiers import database_identifier
from platinfra.targets.aws import labels
from platinfra.targets.aws.place import Place

MAIN = "main"
"""The role that gets the permissions of a component's wires."""
_UNKNOWN = object()


@dataclass(frozen=True, slots=True)
class Scope:
    """Who a template belongs to, and the binding it grants."""

    component: Component
    binding: Binding | None = None
    document: bool = False
    """Write out names that are predictable."""


class Values:
    """Looks up references for the components of one graph."""

    def __init__(self, graph: Graph, catalog: Catalog, place: Place) -> None:
        """Prepare the look-up tables."""
        self.graph = graph
        self.catalog = catalog
        self.place = place
        self._bound: dict[tuple[str, str], Binding] = {(each.consumer, each.name): each for each in graph.bindings}
        self._infrastructure = _infrastructure(place)
        self.platform = {**_network(place), **_platform(place)}

    def tool(self, component: Component) -> Tool:
        """Return the tool of a component."""
        return self.catalog.get(component.tool)

    def recipe(self, component: Component) -> AwsRun:
        """Return how a component runs on AWS; an application of the cluster or the machine has no recipe."""
        return self.tool(component).run.aws or AwsRun()

    def module_called(self, component: Component) -> bool:
        """Tell whether a module is called for a component: not when it names what exists already."""
        recipe = self.recipe(component)
        exists = recipe.existing is not None and component.settings.get(recipe.existing.setting)
        return bool(recipe.module) and not exists

    def role_exists(self, component: Component, role: str) -> bool:
        """Tell whether the settings of a component ask for one of its further roles."""
        when = self.recipe(component).roles[role].when
        return all(component.settings.get(setting) in wanted for setting, wanted in when.items())

    def role_name(self, component: str, role: str = MAIN) -> str:
        """Return the name of one of a component's roles."""
        return self.place.name(component) if role == MAIN else self.place.name(component, role, limit=64)

    def role_arn(self, component: str, role: str = MAIN) -> str:
        """Return the ARN of one of a component's roles, known before it exists."""
        return self.place.role_arn(self.role_name(component, role))

    def secret_name(self, consumer: str, name: str) -> str:
        """Return the name of a secret of a component."""
        return f"{self.place.prefix}/{consumer}/{name}"

    def value(self, template: Any, scope: Scope) -> Any:
        """Return a template with its references replaced: one that is a reference alone keeps its type."""
        return fill(template, lambda reference: self.lookup(reference, scope))

    def lookup(self, reference: Reference, scope: Scope) -> Any:
        """Return what one reference stands for; None when it mentions an unbound optional requirement."""
        for find in (self._own, self._look_along_wires, self._look_at_place):
            found = find(reference.path, scope)
            if found is not _UNKNOWN:
                return found
        raise _unknown_reference(scope.component, reference)

    def _own(self, path: tuple[str, ...], scope: Scope) -> Any:
        """Look among what belongs to the component itself."""
        component = scope.component
        match path:
            case ("settings", name) if name in component.settings:
                return component.settings[name]
            case ("settings", name) if name in self.tool(component).settings:
                return ""
            case ("name",):
                return component.name
            case ("outputs", name):
                return self._output(component, name, scope)
            case ("roles", name, "arn" | "profile_arn" as what):
                return self._role(component, name, what, scope)
        return _UNKNOWN

    def _look_along_wires(self, path: tuple[str, ...], scope: Scope) -> Any:
        """Look along the wires: at consumers, providers, and what all components say about something."""
        match path:
            case ("consumer", name) if scope.binding is not None:
                return self.consumer(scope.binding, name)
            case ("logins",):
                return self.logins(scope.component)
            case ("alarms",):
                return self._collect(lambda recipe: {name: each.model_dump() for name, each in recipe.alarms.items()})
            case ("failures",):
                return self._collect(lambda recipe: recipe.failures)
            case (requirement, attribute) if requirement in self.tool(scope.component).requires:
                return self._get_provided(scope.component, requirement, attribute, scope)
        return _UNKNOWN

    def _look_at_place(self, path: tuple[str, ...], scope: Scope) -> Any:
        """Look among what the place gives: account, region, network, cluster or machine."""
        match path:
            case ("aws", "name"):
                return self.place.name(scope.component.name)
            case ("on_destroy",):
                return Reference(("var", "on_destroy"))
        return self._infrastructure.get(".".join(path), _UNKNOWN)

    def attributes(self, binding: Binding) -> dict[str, Any]:
        """Return everything a service of AWS tells the consumer of one binding; where applications are, the cluster knows."""
        if not self.graph.components[binding.provider].is_service:
            return {}
        names = self.catalog.capability(binding.capability).attributes
        found = {str(name): self.attribute(binding, str(name), document=False) for name in names}
        return {name: value for name, value in found.items() if value is not None and value is not ABSENT}

    def attribute(self, binding: Binding, name: str, *, document: bool) -> Any:
        """Return one attribute of a provider; None when the provider does not tell it."""
        provider = self.graph.components[binding.provider]
        told = {str(key): each for key, each in self.tool(provider).provides.get(binding.capability, {}).items()}
        if name not in told:
            return None
        return self.value(told[name], Scope(provider, binding, document))

    def consumer(self, binding: Binding, name: str) -> Any:
        """Return what a provider may know of a consumer."""
        match name:
            case "name":
                return binding.consumer
            case "requirement":
                return binding.name
            case "role":
                return self.role_name(binding.consumer)
            case "username" | "database":
                return self.login_name(binding)
            case "secret":
                return self.secret_name(binding.consumer, binding.name)
        raise _unknown_reference(self.graph.components[binding.provider], Reference(("consumer", name)))

    def login_name(self, binding: Binding) -> str:
        """Return the name of a consumer's role and database: one for each of its databases."""
        return database_identifier(binding, self.graph, self.catalog)

    def administrator(self, component: Component) -> Any:
        """Return the ARN of the secret of who makes a component's logins; None when they are made by hand."""
        found = self.value(self.recipe(component).administrator, Scope(component))
        return None if found is ABSENT or found == "" else found

    def has_logins(self, capability: str) -> bool:
        """Tell whether every consumer of a capability has a login of its own."""
        return bool(self.catalog.capability(capability).credentials)

    def logins(self, component: Component) -> dict[str, dict[str, str]]:
        """Return the logins of a database: `consumer.requirement` to user, database and name of the secret."""
        return {
            f"{each.consumer}.{each.name}": {
                "username": self.login_name(each),
                "database": self.login_name(each),
                "secret_name": self.secret_name(each.consumer, each.name),
            }
            for each in self.graph.bindings_to(component.name)
            if self.has_logins(each.capability)
        }

    def _collect(self, of: Callable[[AwsRun], Mapping[str, Any]]) -> dict[str, Any]:
        """Return what all components with a module say about something: `component-name` to what it says."""
        return {
            f"{component.name}-{name}": self.value(each, Scope(component))
            for component in self.graph.components.values()
            if self.module_called(component)
            for name, each in of(self.recipe(component)).items()
        }

    def _output(self, component: Component, name: str, scope: Scope) -> Any:
        recipe = self.recipe(component)
        if self.module_called(component) or recipe.existing is None:
            if name == "name" and scope.document:  # chosen here: the module gives back the name it was given
                return self.value(recipe.inputs["name"], scope)
            return Reference(("module", labels.component(component.name), name))
        if name not in recipe.existing.outputs:
            return ABSENT
        return self.value(recipe.existing.outputs[name], Scope(component))

    def _role(self, component: Component, role: str, what: str, scope: Scope) -> Any:
        if role in self.recipe(component).roles and not self.role_exists(component, role):
            return ABSENT
        if what == "profile_arn":
            return Reference(("module", labels.identity(component.name, role), "instance_profile_arn"))
        if scope.document:
            return self.role_arn(component.name, role)
        return Reference(("module", labels.identity(component.name, role), "role_arn"))

    def _get_provided(self, component: Component, requirement: str, attribute: str, scope: Scope) -> Any:
        binding = self._bound.get((component.name, requirement))
        return None if binding is None else self.attribute(binding, attribute, document=scope.document)


def _infrastructure(place: Place) -> Mapping[str, Any]:
    """Return what account, network and the cluster or the machine tell, named or made."""
    return {**_account(place), **_network(place), **_platform(place)}


def _account(place: Place) -> dict[str, Any]:
    return {
        "aws.prefix": place.prefix,
        "aws.account": place.account,
        "aws.region": place.region.name,
        "aws.partition": place.region.partition,
        "aws.domain": place.region.domain,
        "aws.namespace": place.namespace,
        "aws.log_days": place.log_days,
        "place.name": place.cluster_name,
    }


def _network(place: Place) -> dict[str, Any]:
    network = place.network
    if network.vpc_id:
        return {
            "network.vpc_id": network.vpc_id,
            "network.private_subnet_ids": network.private_subnets,
            "network.database_subnet_ids": network.database_subnets or network.private_subnets,
            "network.public_subnet_ids": network.public_subnets,
        }
    names = ("vpc_id", "private_subnet_ids", "database_subnet_ids", "public_subnet_ids")
    return {f"network.{name}": Reference(("module", "network", name)) for name in names}


def _platform(place: Place) -> dict[str, Any]:
    cluster = place.cluster
    if place.kind == "cloud_vm":
        return {
            "machine.instance_id": Reference(("module", "machine", "instance_id")),
            "place.security_group_id": Reference(("module", "machine", "security_group_id")),
        }
    if cluster.name:
        return {"cluster.name": cluster.name, "place.security_group_id": cluster.security_group}
    return {
        "cluster.name": Reference(("module", "cluster", "name")),
        "cluster.arn": Reference(("module", "cluster", "arn")),
        "place.security_group_id": Reference(("module", "cluster", "security_group_id")),
    }


def _unknown_reference(component: Component, reference: Reference) -> PlatinfraError:
    return PlatinfraError(
        Diagnostic(
            "unknown-reference", f"the tool `{component.tool}` refers to {reference}: there is no such name on AWS"
        )
    )
