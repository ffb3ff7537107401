"""What people and pods may do in a cluster, and what is between them, to be read."""

from collections.abc import Iterator

from platinfra.model.graph import Binding
from platinfra.targets.answers import Allowed, Permissions, grant
from platinfra.targets.kubernetes.bundle import Bundle, kinds_of
from platinfra.targets.kubernetes.network import openings, selectors
from platinfra.targets.kubernetes.users import name_of, people, rights

BETWEEN_PODS = "a network policy on both sides"


def permissions(made: Bundle) -> Permissions:
    """Return the wires of a stack in a cluster, and the statements that follow from them."""
    grants = (grant(each, _enforcement(each, made)) for each in made.values.graph.bindings)
    return Permissions(tuple(grants), tuple(statements(made)))


def _enforcement(binding: Binding, made: Bundle) -> str:
    if made.values.facts.existing(made.values.graph.components[binding.provider]):
        return "whatever the given keys allow; a Secret with a copy of them"
    return made.values.catalog.capability(binding.capability).enforced.get("cluster", BETWEEN_PODS)


def between_pods(made: Bundle) -> Iterator[Binding]:
    """Yield the wires with pods on both sides: nothing but network policies is between them."""
    values = made.values
    components = values.graph.components
    pods = {name for name, each in components.items() if selectors(each, values) and not each.is_service}
    return (each for each in values.graph.bindings if {each.consumer, each.provider} <= pods)


def statements(made: Bundle) -> Iterator[Allowed]:
    """Yield what people and pods may do through the Kubernetes API, and what pods reach outside the stack."""
    yield from _people(made)
    values = made.values
    namespace = values.facts.place.namespace
    for component in values.graph.components.values():
        role = f"{namespace}/{component.name}"
        for rule in values.facts.recipe(component).rbac:
            what = tuple(f"{verb} {resource}" for resource in rule.resources for verb in rule.verbs)
            because = f"the {component.name} itself: {rule.reason}"
            yield Allowed(role, "", what, (f"namespace {namespace}",), because, "")
        for each in dict.fromkeys(openings(component, values)):
            ports = ", ".join(map(str, each.ports))
            yield Allowed(
                f"{namespace}/{each.component}", "", (f"connect to TCP {ports}",), (each.to,), each.reason, ""
            )


def _people(made: Bundle) -> Iterator[Allowed]:
    """Yield what people of each role may do in the stack's namespace."""
    namespace = made.place.namespace
    for role, names in people(made.place).items():
        who = f"{namespace}/{name_of(role)} ({', '.join(names)})"
        for each in rights(role, kinds_of(made.steps) | made.kinds):
            group = f" of {each.group}" if each.group else ""
            what = f"{', '.join(each.resources)}{group} in namespace {namespace}"
            yield Allowed(who, "", each.verbs, (what,), f"the role {role}: {each.reason}", "")
