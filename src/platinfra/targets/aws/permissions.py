"""Who may do what on AWS: wires with how they are enforced, and the statements of every role, to be read."""

from platinfra.model.graph import Binding
from platinfra.model.template import plain
from platinfra.targets.answers import Allowed, Permissions, grant
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.platform import REASONS
from platinfra.targets.aws.roles import Role
from platinfra.targets.aws.root import root
from platinfra.targets.aws.statements import Statement
from platinfra.targets.kubernetes import permissions as cluster
from platinfra.targets.kubernetes.bundle import Bundle


def permissions(values: AwsValues, bundle: Bundle | None) -> Permissions:
    """Return the permissions of a stack; `bundle` is what of it is in a cluster."""
    found = root(values).roles
    asked = {each.wire for role in found for each in role.statements}
    between = {_wire(each) for each in cluster.between_pods(bundle)} if bundle else set()
    grants = (grant(each, _enforcement(each, asked, between, values)) for each in values.graph.bindings)
    inside = tuple(cluster.statements(bundle)) if bundle else ()
    return Permissions(tuple(grants), (*(allowed for role in found for allowed in _allowed_actions(role)), *inside))


def documents(values: AwsValues) -> object:
    """Return the trust and the policies of every role, as data."""
    return plain(
        {
            each.name: {"trust": each.trust, "managed": list(each.managed), "policies": each.policies}
            for each in root(values).roles
        }
    )


def _wire(binding: Binding) -> str:
    return f"{binding.consumer}.{binding.name}"


def _enforcement(binding: Binding, asked: set[str], between: set[str], values: AwsValues) -> str:
    if special := values.catalog.capability(binding.capability).enforced.get("service"):
        return special
    if _wire(binding) in asked:
        return "IAM"
    return cluster.BETWEEN_PODS if _wire(binding) in between else "an address inside the network"


def _allowed_actions(role: Role) -> list[Allowed]:
    of_wires = [
        Allowed(role.name, each.sid, tuple(sorted(each.actions)), _resources(each), _because(each), each.reason or "")
        for each in role.statements
    ]
    itself = f"the {role.component} itself"
    of_platform = [
        Allowed(
            role.name,
            each["Sid"],
            tuple(each["Action"]),
            tuple("".join(map(str, text)) for text in each["Resource"]),
            itself,
            REASONS.get(each["Sid"], ""),
        )
        for document in role.further.values()
        for each in document["Statement"]
    ]
    managed = [Allowed(role.name, "", (f"policy {each}",), (), itself, "") for each in role.managed]
    return [*of_wires, *of_platform, *managed]


def _resources(statement: Statement) -> tuple[str, ...]:
    return tuple("".join(map(str, text)) for text in statement.resources)


def _because(statement: Statement) -> str:
    return f"{statement.wire} ({statement.verb})" if statement.wire else f"{statement.component} itself"
