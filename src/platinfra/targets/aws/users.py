"""Roles of people: assumed through the organisation's identity provider, made from the wires as everything else."""

from collections.abc import Iterator
from dataclasses import replace

from platinfra.model.graph import Binding
from platinfra.targets.aws import documents, labels
from platinfra.targets.aws.facts import MAIN, AwsValues
from platinfra.targets.aws.roles import Role
from platinfra.targets.aws.statements import Statement, camel, statements_of_wire, with_unique_sids

_CHECKED = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
"""Without it, who names no document gets a shell. Source: Systems Manager user guide, "Start a session with a document"."""


def roles(values: AwsValues) -> list[Role]:
    """Return a role for each role of the file's users."""
    return [_role(name, values) for name in dict.fromkeys(user.role for user in values.facts.place.users)]


def _role(name: str, values: AwsValues) -> Role:
    place, sign_in = values.facts.place, values.facts.place.deployment.sign_in
    assert sign_in is not None  # the file's rules ask for it
    people = [user.name for user in place.users if user.role == name]
    return Role(
        component="users",
        key=name,
        label=labels.access(name),
        name=place.name(name.replace("_", "-"), limit=64),
        description=f"{name} of {place.prefix}: people of the organisation",
        trust=documents.federated_trust(place, sign_in.provider, sign_in.audience, people),
        statements=tuple(with_unique_sids(_statements(name, values))),
        further={**_machine_access(name, values), **_cluster_access(values)},
    )


def _statements(role: str, values: AwsValues) -> Iterator[Statement]:
    for binding in _as_user(role, values):
        for each in statements_of_wire(binding, values):
            yield replace(
                each, component="users", role=MAIN, sid=f"{camel(binding.consumer)}{each.sid}", wire=f"users.{role}"
            )


def _as_user(role: str, values: AwsValues) -> Iterator[Binding]:
    """Yield the wires of the stack with the verbs that people of the role have there; databases are their consumers' alone."""
    for binding in values.graph.bindings:
        people = values.catalog.capability(binding.capability).people
        if verbs := next((each for name, each in people.items() if name == role), None):
            yield replace(binding, access=tuple(verbs))


def _machine_access(role: str, values: AwsValues) -> dict[str, dict[str, object]]:
    """Let people reach the machine's pages by port forwarding; a shell is for admins only."""
    place = values.facts.place
    if place.kind != "cloud_vm" or role == "auditor":
        return {}
    allowed = [place.arn("ssm", "document/AWS-StartPortForwardingSession", account="")]
    if role == "admin":
        # The preferences of the account's shells are a document of the account.
        allowed.append(place.arn("ssm", "document/SSM-SessionManagerRunShell"))
    own = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in place.tags().items()}, **_CHECKED}
    sessions = [place.arn("ssm", "session/${aws:userid}-*")]
    statements = [
        documents.statement("StartSession", ["ssm:StartSession"], [place.arn("ec2", "instance/*")], own),
        documents.statement("SessionDocuments", ["ssm:StartSession"], allowed, _CHECKED),
        documents.statement("OwnSessions", ["ssm:ResumeSession", "ssm:TerminateSession"], sessions),
    ]
    return {"sessions": documents.policy(statements)}


def _cluster_access(values: AwsValues) -> dict[str, dict[str, object]]:
    """Let people ask where the cluster's API is, as `aws eks update-kubeconfig` does; what they may there, the cluster decides."""
    place = values.facts.place
    if place.kind != "kubernetes":
        return {}
    cluster = place.arn("eks", f"cluster/{place.cluster_name}")
    return {"cluster": documents.policy([documents.statement("FindCluster", ["eks:DescribeCluster"], [cluster])])}
