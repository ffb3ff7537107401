"""Clients of the stack on this machine: the packages and the variables that code needs, the project's or a process's own."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from platinfra.model.graph import Binding
from platinfra.model.reference import Text
from platinfra.model.variables import join_variables
from platinfra.targets.local.facts import MachineValues


def client_lock(values: MachineValues) -> tuple[Path, tuple[str, ...]]:
    """Return the clients' lock, and the packages to resolve when the project brings no lock."""
    machine = values.facts.machine
    if requirements := values.graph.project.get("requirements"):
        return machine.project / requirements, ()
    tools = {each.tool: values.tool(each) for each in values.graph.components.values()}
    packages = {package for tool in tools.values() for package in tool.client.packages}
    packages |= {package for each in values.graph.bindings for package in _packages_for(each, values)}
    return machine.layout.client_lock, tuple(sorted(packages))


def _packages_for(binding: Binding, values: MachineValues) -> list[str]:
    """Return what a consumer's clients need for the protocol of a provider."""
    consumer, provider = (values.tool(values.graph.components[each]) for each in (binding.consumer, binding.provider))
    return consumer.requires[binding.name].speaks.get(provider.speaks, []) if provider.speaks else []


def client_env(providers: Iterable[str], values: MachineValues) -> dict[str, Text]:
    """Return the variables of several providers' clients."""
    parts = ((each, values.facts.client_env(values.graph.components[each])) for each in providers)
    return join_variables(parts, {"DO_NOT_TRACK": ("1",)})


def login_env(consumer: str, values: MachineValues) -> dict[str, Text]:
    """Return the variables in which a component's processes find its own logins for what it is wired to."""
    found: dict[str, Text] = {}
    for binding in values.graph.bindings_of(consumer):
        found |= values.texts(_logins(binding, values), values.graph.components[binding.provider], binding)
    return found


def used_by(consumer: str, values: MachineValues) -> tuple[str, ...]:
    """
    Return the providers whose clients a component's processes are.

    A server that is there already is used by whoever is wired to it as by code, since it has no login for each wire; and
    a tool without processes works inside its clients, which therefore reach what it is wired to.
    """
    return tuple(dict.fromkeys(_used_by(consumer, values)))


def _used_by(consumer: str, values: MachineValues) -> Iterator[str]:
    for binding in values.graph.bindings_of(consumer):
        if binding.client or _is_elsewhere(binding, values):
            yield binding.provider
        recipe = values.tool(values.graph.components[binding.provider]).run.local
        if binding.client and not (recipe and recipe.processes):
            further = values.graph.bindings_of(binding.provider)
            yield from (each.provider for each in further if _is_elsewhere(each, values) or _logins(each, values))


def _is_elsewhere(binding: Binding, values: MachineValues) -> bool:
    return bool(values.graph.components[binding.provider].at)


def _logins(binding: Binding, values: MachineValues) -> Mapping[str, str]:
    """Return the variables by which a consumer's processes log in to a provider; nothing where it has no logins."""
    recipe = values.tool(values.graph.components[binding.provider]).run.local
    return recipe.credentials.get(binding.capability, {}) if recipe else {}
