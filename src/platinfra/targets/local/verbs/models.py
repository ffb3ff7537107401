"""Find the registry of models in a running stack, and what serves from it."""

from collections.abc import Mapping

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError, join_names
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import RegistryAccess
from platinfra.targets.local.record import LocalComponent
from platinfra.targets.local.verbs import existing
from platinfra.targets.local.verbs.running import running
from platinfra.targets.target import chosen_component

_REGISTRY, _SERVING = "model_registry", "model_serving"


def model_registry(workspace: Workspace, component: str | None) -> RegistryAccess:
    """Return how the registry is asked; raise PlatinfraError where there is none of a known kind, or more than one."""
    stack = running(workspace, up=True)
    catalog = Catalog.beside(workspace.folder)
    tools = {name: catalog.find(each.tool) for name, each in stack.components.items()}
    known = {name: tool for name, tool in tools.items() if tool and tool.registry_api}
    name = _choose(component, known, stack.components)
    tool = known[name]
    data = stack.components[name]
    return RegistryAccess(
        component=name,
        api=str(tool.registry_api),
        url=data.endpoints["http"].url,
        login=existing.login_of(tool.existing, workspace, name) if data.at and tool.existing else (),
        servers=dict(_servers(name, stack.components)),
    )


def _choose(wanted: str | None, known: Mapping[str, Tool], components: Mapping[str, LocalComponent]) -> str:
    if wanted is not None:
        name = chosen_component(wanted, components)
        if name not in known:
            raise _no_registry(f"`{name}` is no registry that `platinfra models` can ask")
        return name
    found = [name for name in known if _REGISTRY in components[name].stages] or list(known)
    if not found:
        raise _no_registry("`platinfra models` asks MLflow's registry, and this stack has none")
    if len(found) > 1:
        message = f"the stack has several registries: {join_names(found)}"
        raise PlatinfraError(Diagnostic("several-registries", message, hint=f"name one: `--registry {found[0]}`"))
    return found[0]


def _no_registry(message: str) -> PlatinfraError:
    hint = "add `model_registry: [mlflow]` to the stack file and run `platinfra up`; other registries are used with their own clients"
    return PlatinfraError(Diagnostic("no-model-registry", message, hint=hint))


def _servers(registry: str, components: Mapping[str, LocalComponent]) -> list[tuple[str, str]]:
    """Return what serves models of a registry, with the addresses at which it says what it serves."""
    return [
        (name, end.ready)
        for name, each in components.items()
        if _SERVING in each.stages
        and any((wire.provider, wire.capability) == (registry, _REGISTRY) for wire in each.bindings)
        and (end := each.endpoints.get("status") or each.endpoints.get("http"))
        and end.ready
    ]
