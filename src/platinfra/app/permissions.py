"""Who may do what, and which wire asked for it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platinfra.app.kubernetes.place import is_in_cluster
from platinfra.app.workspace import at
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.graph import Binding
from platinfra.resolve.resolve import Resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from platinfra.targets.aws.roles import Role
    from platinfra.targets.aws.statements import Statement
    from platinfra.targets.kubernetes.bundle import Bundle

_ENFORCED: dict[str, dict[str, str]] = {
    "local": {
        "sql_database": "a database and a login role of its own",
        "object_store": "a folder of its own; processes of one user are not kept apart",
        "": "reachable on 127.0.0.1 only",
    },
    "kubernetes": {
        "sql_database": "a login and a database of its own; its Secret",
        "object_store": "a key that knows its own bucket; its Secret",
        "": "a network policy on both sides",
    },
    "aws": {
        "encryption_key": "the service itself, by the key's policy",
        "sql_database": "IAM for its secret, SQL grants for its own database",
        "": "an address inside the network",
    },
}
_GIVEN = "whatever the keys that were given may do; a Secret with a copy of them"


@dataclass(frozen=True, slots=True)
class Grant:
    """One wire's verbs and how they are enforced on the target."""

    component: str
    provider: str
    capability: str
    verbs: tuple[str, ...]
    wire: str
    enforced: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """One statement of IAM or of a cluster, to be read: who may do what to what, and why."""

    role: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    wire: str
    """`component.requirement (verb)`, or what else asked for it."""
    reason: str
    """Why a resource is `*`; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The permissions of a stack: its wires, and on AWS the statements that follow from them."""

    grants: tuple[Grant, ...]
    statements: tuple[Allowed, ...] = ()


def permissions(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> Permissions:
    """Return the permissions of a stack; raise PlatinfraError when the file is wrong."""
    catalog, resolved = _resolved(file, environment, without)
    graph = resolved.graph
    statements: tuple[Allowed, ...] = ()
    asked_by_iam: set[str] = set()
    between_pods: set[str] = set()
    given: dict[str, str] = {}
    if graph.target == "aws":
        found = [statement for role in _roles(resolved, catalog) for statement in role.statements]
        asked_by_iam = {each.wire for each in found}
        statements = tuple(allowed for role in _roles(resolved, catalog) for allowed in _allowed(role))
    if is_in_cluster(resolved):
        from platinfra.app.kubernetes.stack import bundle_of

        bundle = bundle_of(resolved, catalog)
        statements = (*statements, *_in_cluster(bundle))
        between_pods = set(_between_pods(bundle)) - asked_by_iam
        given = dict.fromkeys(_by_given_keys(bundle), _GIVEN)
    words = dict.fromkeys(between_pods, _ENFORCED["kubernetes"][""])
    grants = (_grant(each, graph.target, asked_by_iam, words, given) for each in graph.bindings)
    return Permissions(tuple(grants), statements)


def policy(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> str:
    """Return the documents that enforce the permissions: SQL and folders on this machine, IAM documents on AWS."""
    catalog, resolved = _resolved(file, environment, without)
    if resolved.graph.target == "aws":
        from platinfra.targets.aws.terraform_json import readable

        found = _roles(resolved, catalog)
        documents = {
            each.name: {"trust": each.trust, "managed": list(each.managed), "policies": each.policies} for each in found
        }
        return json.dumps(readable(documents), indent=2)
    if resolved.graph.target == "kubernetes":
        from platinfra.app.kubernetes.stack import bundle_of
        from platinfra.targets.kubernetes.render import policies

        return policies(bundle_of(resolved, catalog))
    from platinfra.targets.local.policy import statement

    return "\n".join(statement(each, resolved.graph, catalog) for each in resolved.graph.bindings)


def operator_policy(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> str:
    """Return the least permissions with which somebody can run `up` and `down` for the stack on AWS."""
    catalog, resolved = _resolved(file, environment, without)
    if resolved.graph.target != "aws":
        hint = "it tells what `up` needs in an AWS account"
        raise PlatinfraError(
            Diagnostic("target-not-available", f"`--operator` means nothing for `{resolved.graph.target}`", hint=hint)
        )
    from platinfra.app.aws.stack import values_of
    from platinfra.targets.aws.operator import policies

    return json.dumps(policies(values_of(resolved, catalog)), indent=2)


def _resolved(file: Path | None, environment: str | None, without: tuple[str, ...]) -> tuple[Catalog, Resolved]:
    workspace = at(file, environment)
    catalog = workspace.catalog()
    return catalog, workspace.resolve(catalog, without)


def _roles(resolved: Resolved, catalog: Catalog) -> "tuple[Role, ...]":
    from platinfra.app.aws.stack import values_of
    from platinfra.targets.aws.root import root

    return root(values_of(resolved, catalog)).roles


def _allowed(role: "Role") -> list[Allowed]:
    from platinfra.targets.aws.karpenter import REASONS

    of_wires = [
        Allowed(role.name, each.sid, tuple(sorted(each.actions)), _resources(each), _because(each), each.reason or "")
        for each in role.statements
    ]
    of_platform = [
        Allowed(
            role.name,
            each["Sid"],
            tuple(each["Action"]),
            tuple(each["Resource"]),
            f"the {role.component} itself",
            REASONS.get(each["Sid"], ""),
        )
        for document in role.further.values()
        for each in document["Statement"]
    ]
    managed = [
        Allowed(role.name, "", (f"policy {each}",), (), f"the {role.component} itself", "") for each in role.managed
    ]
    return [*of_wires, *of_platform, *managed]


def _between_pods(made: "Bundle") -> "Iterator[str]":
    """Yield the wires with pods on both sides: nothing but network policies is between them."""
    from platinfra.targets.kubernetes.network import selectors

    values = made.values
    components = values.graph.components
    pods = {name for name, each in components.items() if selectors(each, values) and not values.place.serves(each)}
    for each in values.graph.bindings:
        if {each.consumer, each.provider} <= pods:
            yield f"{each.consumer}.{each.name}"


def _by_given_keys(made: "Bundle") -> "Iterator[str]":
    """Yield the wires to what people have outside the cluster: their own keys decide there."""
    values = made.values
    for each in values.graph.bindings:
        if values.existing(values.graph.components[each.provider]):
            yield f"{each.consumer}.{each.name}"


def _in_cluster(made: "Bundle") -> "Iterator[Allowed]":
    """Yield what people and pods may do through the Kubernetes API, and what pods reach outside the stack."""
    from platinfra.targets.kubernetes.network import openings

    yield from _people(made)
    values = made.values
    namespace = values.place.namespace
    for component in values.graph.components.values():
        role = f"{namespace}/{component.name}"
        for rule in values.recipe(component).rbac:
            what = tuple(f"{verb} {resource}" for resource in rule.resources for verb in rule.verbs)
            yield Allowed(
                role, "", what, (f"namespace {namespace}",), f"the {component.name} itself: {rule.reason}", ""
            )
        if not values.place.serves(component):
            for each in dict.fromkeys(openings(component, values)):
                ports = ", ".join(map(str, each.ports))
                yield Allowed(role, "", (f"connect to TCP {ports}",), (each.to,), each.reason, "")


def _people(made: "Bundle") -> "Iterator[Allowed]":
    """Yield what people of each role may do in the stack's namespace."""
    from platinfra.targets.kubernetes.bundle import kinds_of
    from platinfra.targets.kubernetes.users import name_of, people, rights

    namespace = made.place.namespace
    for role, names in people(made.place).items():
        who = f"{namespace}/{name_of(role)} ({', '.join(names)})"
        for each in rights(role, kinds_of(made.steps)):
            group = f" of {each.group}" if each.group else ""
            what = f"{', '.join(each.resources)}{group} in namespace {namespace}"
            yield Allowed(who, "", each.verbs, (what,), f"the role {role}: {each.reason}", "")


def _resources(statement: "Statement") -> tuple[str, ...]:
    return tuple("".join(map(str, text)) for text in statement.resources)


def _because(statement: "Statement") -> str:
    return f"{statement.wire} ({statement.verb})" if statement.wire else f"{statement.component} itself"


def _grant(
    binding: Binding, target: str, asked_by_iam: set[str], otherwise: "Mapping[str, str]", given: "Mapping[str, str]"
) -> Grant:
    wire = f"{binding.consumer}.{binding.name}"
    words: dict[str, Any] = _ENFORCED.get(target, {})
    usual = "IAM" if wire in asked_by_iam else otherwise.get(wire, words.get("", ""))
    enforced = given.get(wire) or words.get(binding.capability, usual)
    return Grant(binding.consumer, binding.provider, binding.capability, binding.access, wire, enforced)
