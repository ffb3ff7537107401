"""
What only AWS knows of a stack: account, network, roles, modules, and who has which login.

In the inputs of modules what only AWS knows stays a Reference, which Terraform reads as its own expression
(`${module.component_rds.host}`). In documents, such as policies, names that platinfra chooses are written out, so that a
document is known before anything exists; only ids that AWS chooses stay references.
"""

from collections.abc import Callable, Mapping
from typing import Any

from platinfra.catalog.aws import AwsRun
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model import ground
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.reference import Reference
from platinfra.model.template import ABSENT, Value
from platinfra.resolve.identifiers import database_identifier
from platinfra.resolve.values import Values
from platinfra.targets.aws import labels
from platinfra.targets.aws.place import AwsPlace

MAIN = "main"
"""The role that gets the permissions of a component's wires."""

CODE = "code"
"""The role of pods with people's code."""

FILES = "files.id"
"""The id of the file system that the pods of a new cluster share, where it has one."""


class AwsFacts:
    """Implements `Facts`."""

    where: ground.Place = "service"

    def __init__(self, graph: Graph, catalog: Catalog, place: AwsPlace, *, in_documents: bool = False) -> None:
        """Prepare the evaluator, and one for documents."""
        self.graph = graph
        self.catalog = catalog
        self.place = place
        self.platform = {**_network(place), **_platform(place), **_domain(place)}
        self.values: AwsValues = Values(graph, catalog, self)
        self._in_documents = in_documents
        self.documents: AwsValues = (
            self.values if in_documents else AwsFacts(graph, catalog, place, in_documents=True).values
        )

    def recipe(self, component: Component) -> AwsRun:
        """Return how a component runs on AWS; an application of the cluster or the machine has no recipe."""
        return self.catalog.get(component.tool).run.aws or AwsRun()

    def module_called(self, component: Component) -> bool:
        """Tell whether a module is called for a component: not when it names what exists already."""
        recipe = self.recipe(component)
        exists = recipe.existing is not None and component.settings.get(recipe.existing.setting)
        return bool(recipe.module) and not exists

    def only_consumer(self, binding: Binding | None) -> str | None:
        """Return the consumer of a wire where a module is called for it alone; on a machine all share."""
        if binding is None or not binding.whole or self.graph.components[binding.consumer].place == "machine":
            return None
        provider = self.graph.components[binding.provider]
        own = binding.capability in self.recipe(provider).whole and self.module_called(provider)
        return binding.consumer if own else None

    def has_to_itself(self, binding: Binding) -> bool:
        """Tell whether a consumer has what it is wired to alone: made for it, or named for nobody else."""
        provider = self.graph.components[binding.provider]
        named = not self.module_called(provider) and binding.capability in self.recipe(provider).whole
        return self.only_consumer(binding) is not None or (binding.whole and named)

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

    def secret_of(self, binding: Binding) -> str:
        """Return the name of the secret with the credentials of a wire."""
        return self.secret_name(binding.consumer, binding.name)

    def wire(self, binding: Binding) -> str:
        """Return by which name Terraform's output `wires` tells of a binding; one of many tells the provider too."""
        requirement = self.catalog.get(self.graph.components[binding.consumer].tool).requires.get(binding.name)
        several = requirement is not None and requirement.many
        return ".".join((binding.consumer, binding.name, *([binding.provider] if several else [])))

    def host_and_port(self, component: Component, endpoint: str) -> None:
        """Return nothing: services tell their addresses themselves."""

    def provides(self, tool: Tool, capability: str) -> Mapping[Any, str]:
        """Return the attributes that a tool tells."""
        return tool.provides.get(capability, {})

    def find_outside(self, binding: Binding, name: str) -> None:
        """Return nothing: Terraform has all providers."""

    def find(self, path: tuple[str, ...], component: Component, binding: Binding | None) -> Value | None:
        """Return a name of AWS: of a component's module or roles, of all components, or of the place."""
        found: Value | None
        match path:
            case ("outputs", name):
                found = self._output(component, name, binding)
            case ("roles", name, what):
                found = self._role(component, name, what)
            case ("wire", name) if binding:
                found = self.values.attribute(binding, name)
            case ("consumer", "role") if binding:
                found = self.role_name(binding.consumer)
            case ("clients", "env"):
                found = self.client_env(component)
            case ("logins",):
                found = self.logins(component)
            case ("alarms",):
                found = self._collect(lambda recipe: {name: each.model_dump() for name, each in recipe.alarms.items()})
            case ("expire",):
                found = self.expiring(component) or ABSENT
            case ("failures",):
                found = self._collect(lambda recipe: recipe.failures)
            case ("aws", "name"):
                consumer = self.only_consumer(binding)
                found = self.place.name(component.name, *([consumer] if consumer else []))
            case ("on_destroy",):
                found = Reference(("var", "on_destroy"))
            case _:
                found = {**_account(self.place), **self.platform}.get(".".join(path))
        return found

    def client_env(self, component: Component) -> dict[str, Value]:
        """Return the variables of the clients of what a service is wired to; of two with the same one the first counts."""
        found: dict[str, Value] = {}
        for binding in self.graph.bindings_of(component.name):
            if binding.client:
                provider = self.graph.components[binding.provider]
                found = {**self.values.value(self.values.tool(provider).client.env, provider, binding), **found}
        return found

    def attributes(self, binding: Binding) -> dict[str, Value]:
        """Return everything a service of AWS tells the consumer of one binding; where applications are, the cluster knows."""
        return self.values.attributes(binding) if self.graph.components[binding.provider].is_service else {}

    def administrator(self, component: Component) -> Value:
        """Return the ARN of the secret of who makes a component's logins; absent when they are made by hand."""
        template = self.recipe(component).administrator
        return (self.values.value(template, component) if template else ABSENT) or ABSENT

    def has_logins(self, capability: str) -> bool:
        """Tell whether every consumer of a capability has a login of its own."""
        return bool(self.catalog.capability(capability).credentials)

    def logins(self, component: Component) -> dict[str, dict[str, str]]:
        """Return the logins of a database: `consumer.requirement` to user, database and name of the secret."""
        return {
            f"{each.consumer}.{each.name}": {
                "username": database_identifier(each, self.graph, self.catalog),
                "database": database_identifier(each, self.graph, self.catalog),
                "secret_name": self.secret_of(each),
            }
            for each in self.graph.bindings_to(component.name)
            if self.has_logins(each.capability)
        }

    def expiring(self, component: Component) -> dict[str, Value]:
        """Return the prefixes of an object store's consumers which keep something there for some days only, to the days."""
        return {
            f"{each.consumer}/": self.values.value(days, self.graph.components[each.consumer])
            for each in self.graph.bindings_to(component.name)
            if (days := self.recipe(self.graph.components[each.consumer]).expire.get(each.name))
        }

    def _collect(self, of: Callable[[AwsRun], Mapping[str, Any]]) -> dict[str, Any]:
        """Return what all components with a module say about something: `component-name` to what it says."""
        return {
            f"{component.name}-{name}": self.values.value(each, component)
            for component in self.graph.components.values()
            if self.module_called(component)
            for name, each in of(self.recipe(component)).items()
        }

    def _output(self, component: Component, name: str, binding: Binding | None) -> Value:
        recipe = self.recipe(component)
        if self.module_called(component) or recipe.existing is None:
            if name == "name" and self._in_documents:  # chosen here: the module gives back the name it was given
                chosen: Value = self.values.value(recipe.inputs["name"], component, binding)
                return chosen
            return Reference(("module", labels.component(component.name, self.only_consumer(binding)), name))
        found: Value = self.values.value(recipe.existing.outputs.get(name, ABSENT), component)
        return found

    def _role(self, component: Component, role: str, what: str) -> Value:
        if role in self.recipe(component).roles and not self.role_exists(component, role):
            return ABSENT
        if what == "profile_arn":
            return Reference(("module", labels.identity(component.name, role), "instance_profile_arn"))
        if self._in_documents:
            return self.role_arn(component.name, role)
        return Reference(("module", labels.identity(component.name, role), "role_arn"))


AwsValues = Values[AwsFacts]


def _account(place: AwsPlace) -> dict[str, Any]:
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


def _network(place: AwsPlace) -> dict[str, Any]:
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


def _domain(place: AwsPlace) -> dict[str, Any]:
    domain = place.deployment.domain
    if domain is None:
        return {}
    return {f"domain.{name}": Reference(("module", "domain", name)) for name in ("zone_id", "name_servers")}


def _platform(place: AwsPlace) -> dict[str, Any]:
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
        **({FILES: Reference(("module", "files", "id"))} if cluster.shared_files else {}),
    }
