"""The roles of a stack: one for each component that acts, those of the infrastructure, and those of users."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from platinfra.catalog.aws import AwsRole
from platinfra.model.graph import Component
from platinfra.model.reference import Reference
from platinfra.targets.aws import documents, labels
from platinfra.targets.aws.facts import CODE, MAIN, AwsValues
from platinfra.targets.aws.statements import Statement, statements_of
from platinfra.targets.kubernetes.place import code_account

MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Role:
    """A role with its documents."""

    component: str
    key: str
    """`main`, or the role's own name."""
    label: str
    name: str
    description: str
    trust: dict[str, Any]
    statements: tuple[Statement, ...] = ()
    managed: tuple[str, ...] = ()
    """Names of AWS' own policies, such as AmazonEKSClusterPolicy."""
    pod: dict[str, Any] | None = None
    """The pods that get it: cluster_name, namespace, service_account."""
    instance_profile: bool = False
    further: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Policies that do not follow from wires, by name."""

    @property
    def policies(self) -> dict[str, dict[str, Any]]:
        """Return its inline policies by name."""
        return {**documents.policies(self.statements), **self.further}


def roles(values: AwsValues) -> list[Role]:
    """Return the roles of all components that may do anything."""
    return [role for component in values.graph.components.values() for role in _of_component(component, values)]


def _of_component(component: Component, values: AwsValues) -> Iterator[Role]:
    recipe = values.facts.recipe(component)
    statements = statements_of(component, values)
    of_main = tuple(each for each in statements if each.role == MAIN)
    if recipe.role is not None:
        yield _of_service(component, MAIN, recipe.role, of_main, values)
    elif of_main and not component.is_service:
        yield _of_application(component, MAIN, of_main, values)
    if of_code := tuple(each for each in statements if each.role == CODE):
        yield _of_application(component, CODE, of_code, values)
    for name, each in recipe.roles.items():
        if values.facts.role_exists(component, name):
            own = tuple(statement for statement in statements if statement.role == name)
            yield _of_service(component, name, each, own, values)


def _of_service(
    component: Component, key: str, role: AwsRole, statements: tuple[Statement, ...], values: AwsValues
) -> Role:
    of_machines = role.service.startswith("ec2.")  # EC2 names no source
    source = values.facts.documents.value(role.source, component) if role.source else None
    text = None if source is None else "".join(map(str, source)) if isinstance(source, tuple) else str(source)
    plain, scoped = documents.plain_service_trust, documents.service_trust
    trust = plain(role.service) if of_machines else scoped(values.facts.place, role.service, text)
    return replace(_make_role(component, key, trust, statements, values), instance_profile=of_machines)


def _of_application(component: Component, key: str, statements: tuple[Statement, ...], values: AwsValues) -> Role:
    place = values.facts.place
    if place.kind == "cloud_vm":
        # A reference orders the two roles: AWS refuses a principal that does not exist.
        machine = Reference(("module", labels.platform_role(MACHINE), "role_arn"))
        trust, pod = documents.role_trust((machine,)), None
    else:
        namespace, account = place.namespace, code_account(component) if key == CODE else component.name
        trust = documents.pod_trust(place, place.cluster_name, namespace, account)
        name = place.cluster.name or Reference(("module", "cluster", "name"))
        pod = {"cluster_name": name, "namespace": namespace, "service_account": account}
    return replace(_make_role(component, key, trust, statements, values), pod=pod)


def _make_role(
    component: Component, key: str, trust: dict[str, Any], statements: tuple[Statement, ...], values: AwsValues
) -> Role:
    return Role(
        component=component.name,
        key=key,
        label=labels.identity(component.name, key),
        name=values.facts.role_name(component.name, key),
        description=f"{component.name} of {values.facts.place.prefix}: {'its wires' if key == MAIN else key}",
        trust=trust,
        statements=statements,
    )
