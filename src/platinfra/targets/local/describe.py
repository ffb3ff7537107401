"""What people see of a component that runs on this machine; kept in the state, so that it outlives the stack file."""

from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.model.reference import Secret, show_text
from platinfra.model.template import as_text
from platinfra.targets.local.facts import HOST, MachineValues
from platinfra.targets.local.ready import is_required


def describe(component: Component, values: MachineValues) -> dict[str, Any]:
    """Return a component's addresses, processes, wires and check as plain data without secrets."""
    tool = values.tool(component)
    recipe = tool.run.local
    layout = values.facts.machine.layout
    processes = list(recipe.processes) if recipe else []
    return {
        "tool": component.tool,
        "stages": list(component.stages),
        "reason": component.reason,
        "folder": str(values.catalog.folder(component.tool)),
        "requirements": recipe.requirements if recipe else None,
        "check": tool.check,
        "executes": tool.executes,
        "page": [_part(each) for each in values.sure(tool.page, component)] if tool.page else None,
        "endpoints": {name: _endpoint(component, values, name) for name in tool.endpoints},
        "processes": {f"{component.name}.{each}": str(layout.log(component.name, each)) for each in processes},
        "client_env": {key: show_text(text) for key, text in values.facts.client_env(component).items()},
        "bindings": [_binding(each, values) for each in values.graph.bindings_of(component.name)],
    }


def _endpoint(component: Component, values: MachineValues, name: str) -> dict[str, Any]:
    endpoint = values.tool(component).endpoints[name]
    url = values.url(component, name)
    return {
        "url": url,
        "host": HOST,
        "port": values.facts.port(component.name, name),
        "process": _process(component, values, name),
        "ready": f"{url}{endpoint.ready}" if endpoint.ready else None,
        "probe": f"{url}{endpoint.probe}" if endpoint.probe else None,
        "required": is_required(values.tool(component), name),
        "metrics": f"{url}{endpoint.metrics}" if endpoint.metrics else None,
    }


def _process(component: Component, values: MachineValues, endpoint: str) -> str | None:
    recipe = values.tool(component).run.local
    found = (name for name, each in recipe.processes.items() if endpoint in each.endpoints) if recipe else iter(())
    name = next(found, None)
    return f"{component.name}.{name}" if name else None


def _binding(binding: Binding, values: MachineValues) -> dict[str, Any]:
    return {
        "name": binding.name,
        "provider": binding.provider,
        "capability": binding.capability,
        "access": list(binding.access),
        "reason": binding.reason,
        "client": binding.client,
        "attributes": {key: list(map(_part, as_text(each) or ())) for key, each in values.attributes(binding).items()},
    }


def _part(part: object) -> str | dict[str, str]:
    if isinstance(part, Secret):
        return {"component": part.component, "secret": part.name, "kind": part.kind}
    return str(part)
