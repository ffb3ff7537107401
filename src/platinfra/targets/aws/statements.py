"""Permissions as IAM statements: one or more for each verb of a wire, scoped to the very resource."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from platinfra.catalog.aws import AwsStatement
from platinfra.model.graph import Binding, Component
from platinfra.model.reference import Reference, Text
from platinfra.model.template import ABSENT, as_text, innermost, join_text, map_values
from platinfra.targets.aws.documents import statement
from platinfra.targets.aws.facts import CODE, MAIN, AwsValues

OWN = ""
"""The wire of a statement that no wire asked for: the tool itself needs it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One IAM statement, whose role it is in and why."""

    component: str
    role: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[Text, ...]
    conditions: Mapping[str, Mapping[str, Any]]
    wire: str
    """`component.requirement`, or OWN."""
    verb: str
    provider: str
    reason: str | None = None
    """Why a resource is `*`."""
    copied: bool = False
    """It opens what pods find in a Secret of the cluster."""

    @property
    def by_id(self) -> bool:
        """Tell whether it names something by an id that AWS chooses, which is known after it exists."""
        return any(isinstance(part, Reference) for part in innermost([self.resources, self.conditions]))

    def document(self) -> dict[str, Any]:
        """Return it as IAM writes it; what holds references is a Text."""
        return statement(self.sid, sorted(self.actions), [join_text(text) for text in self.resources], self.conditions)


def statements_of(component: Component, values: AwsValues) -> list[Statement]:
    """Return everything a component's roles may do, in the order of its wires."""
    recipe = values.facts.recipe(component)
    bindings = values.graph.bindings_of(component.name)
    found = [each for binding in bindings for each in statements_of_wire(binding, values)]
    found += [each for binding in bindings for each in _lent_statements(binding, values)]
    if component.place == "cluster":
        found = [each for each in found if not each.copied]
    of_roles = {MAIN: recipe.statements} | {name: role.statements for name, role in recipe.roles.items()}
    if recipe.role is not None:
        of_roles[MAIN] = [*recipe.statements, *recipe.role.statements]
    of_roles = {
        name: own for name, own in of_roles.items() if name == MAIN or values.facts.role_exists(component, name)
    }
    for role, own in of_roles.items():
        found += _own(component, role, own, values)
    return with_unique_sids(found)


def statements_of_wire(binding: Binding, values: AwsValues) -> Iterator[Statement]:
    """Yield the statements that one binding asks for; verbs without any are enforced elsewhere, such as by SQL grants."""
    provider = values.graph.components[binding.provider]
    consumer = values.graph.components[binding.consumer]
    requirement = values.tool(consumer).requires.get(binding.name)
    role = requirement.role if requirement else MAIN
    recipe = values.facts.recipe(provider)
    verbs = recipe.grants.get(binding.capability, {})
    further = recipe.whole[binding.capability] if values.facts.has_to_itself(binding) else {}
    for verb in binding.access:
        for template in (*verbs.get(verb, []), *further.get(verb, [])):
            made = _make_statement(template, provider, binding, values)
            if made:
                yield replace(
                    made,
                    component=binding.consumer,
                    role=CODE if _is_of_code(binding, values) else role,
                    sid=camel(binding.name, verb),
                    wire=f"{binding.consumer}.{binding.name}",
                    verb=verb,
                    provider=binding.provider,
                    # A wire that no tool asks for is the one to what is generated for it.
                    copied=made.copied or requirement is None,
                )


def _lent_statements(binding: Binding, values: AwsValues) -> Iterator[Statement]:
    """Yield what a client without a server of its own may do: it acts in the process of whoever uses it, as DVC in a flow."""
    provider = values.graph.components[binding.provider]
    tool = values.tool(provider)
    acts = bool(tool.run.kubernetes and tool.run.kubernetes.client_only)
    if binding.client and acts:
        for own in values.graph.bindings_of(provider.name):
            yield from (
                replace(each, component=binding.consumer, role=CODE if _is_of_code(binding, values) else MAIN)
                for each in statements_of_wire(own, values)
            )


def _is_of_code(binding: Binding, values: AwsValues) -> bool:
    """Tell whether a wire is that of people's code in pods of their own."""
    consumer = values.graph.components[binding.consumer]
    return consumer.place == "cluster" and values.tool(consumer).is_of_code(binding.name)


def _own(component: Component, role: str, templates: Iterable[AwsStatement], values: AwsValues) -> Iterator[Statement]:
    for template in templates:
        made = _make_statement(template, component, None, values)
        if made:
            yield replace(made, component=component.name, role=role, sid=camel("own", role), provider=component.name)


def _make_statement(
    template: AwsStatement, component: Component, binding: Binding | None, values: AwsValues
) -> Statement | None:
    """Return a statement without its reasons; None when it mentions an unbound optional requirement."""
    documents = values.facts.documents
    resources = [documents.text(each, component, binding) for each in template.resources]
    conditions = {
        operator: documents.value(pairs, component, binding) for operator, pairs in template.conditions.items()
    }
    if ABSENT in resources or not all(conditions.values()):
        return None
    return Statement(
        component="",
        role=MAIN,
        sid="",
        actions=tuple(template.actions),
        resources=tuple(each for each in resources if each is not ABSENT),
        conditions=map_values(conditions, _condition),
        wire=OWN,
        verb="",
        provider="",
        reason=template.reason,
        copied=template.copied,
    )


def _condition(value: Any) -> Any:
    """Return a value of a condition as text; what is known after it exists stays what it is."""
    return join_text(as_text(value) or ())


def camel(*words: str) -> str:
    """Return words as a Sid, which takes letters and digits only."""
    return "".join(part.capitalize() for word in words for part in word.replace("_", "-").split("-"))


def with_unique_sids(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements with numbers where a role, a wire and a verb have several: a policy holds each Sid once."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for each in statements:
        number = seen[each.role, each.sid] = seen.get((each.role, each.sid), 0) + 1
        found.append(replace(each, sid=f"{each.sid}{number}") if number > 1 else each)
    return found
