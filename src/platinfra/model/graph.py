"""A stack with every requirement bound."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from platinfra.model.ground import Place


@dataclass(frozen=True, slots=True)
class Binding:
    """A requirement matched to the component that meets it."""

    consumer: str
    name: str
    """The name of the requirement in the consumer's tool."""
    provider: str
    capability: str
    access: tuple[str, ...]
    reason: str
    client: bool = False
    """The consumer runs code that uses the provider: it gets the provider's client environment."""
    whole: bool = False
    """The consumer cannot share it: where a provider can, it keeps one for this consumer alone."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A component may do one thing to another, because a wire asks for it; IAM, RBAC and grants follow."""

    component: str
    verb: str
    provider: str
    capability: str
    wire: str
    """The consumer's requirement, `component.requirement`."""


@dataclass(frozen=True, slots=True)
class Component:
    """One use of a tool in a stack."""

    name: str
    tool: str
    stages: tuple[str, ...]
    settings: Mapping[str, str | int | float | bool | list[Any]]
    place: Place = "machine"
    """What it stands on, and so which recipe of its tool is its own."""
    reason: str = ""
    """Why the component is there when the user did not name it, or for whom it stands."""
    at: str = ""
    """Where it is, when it is there already and platinfra does not run it."""
    credentials: Mapping[str, str] = field(default_factory=dict)
    """What it asks for there, to the variable that holds it for whoever brings the stack up."""

    @property
    def purpose(self) -> str:
        """Return the stages that it fills, and why it is there where that says more."""
        return "; ".join(filter(None, (", ".join(self.stages), self.reason)))

    @property
    def is_service(self) -> bool:
        """Tell whether a cloud runs it, and neither pods nor processes of the stack do."""
        return self.place == "service"


@dataclass(frozen=True)
class Graph:
    """Components and bindings of one stack on one target; values are still symbolic."""

    stack: str
    environment: str
    target: str
    components: Mapping[str, Component]
    bindings: tuple[Binding, ...]
    notes: tuple[str, ...] = ()
    """What was inferred or left out, for people."""
    project: Mapping[str, str] = field(default_factory=dict)
    """The environment of the code that uses the stack: `requirements`, a file beside the stack file."""

    @cached_property
    def _by_consumer(self) -> dict[str, list[Binding]]:
        return _group(self.bindings, "consumer")

    @cached_property
    def _by_provider(self) -> dict[str, list[Binding]]:
        return _group(self.bindings, "provider")

    def bindings_of(self, consumer: str) -> tuple[Binding, ...]:
        """Return the bindings of one consumer."""
        return tuple(self._by_consumer.get(consumer, ()))

    def bindings_to(self, provider: str) -> tuple[Binding, ...]:
        """Return the bindings that one provider meets."""
        return tuple(self._by_provider.get(provider, ()))

    @cached_property
    def permissions(self) -> tuple[Permission, ...]:
        """Return who may do what, each with the wire that asked for it."""
        return tuple(
            Permission(
                binding.consumer, verb, binding.provider, binding.capability, f"{binding.consumer}.{binding.name}"
            )
            for binding in self.bindings
            for verb in binding.access
        )


def _group(bindings: tuple[Binding, ...], attribute: str) -> dict[str, list[Binding]]:
    groups: dict[str, list[Binding]] = {}
    for binding in bindings:
        groups.setdefault(getattr(binding, attribute), []).append(binding)
    return groups
