"""Apply the overrides of the chosen environment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.document import Document, Path_
from platinfra.model import targets
from platinfra.model.ground import Ground
from platinfra.model.workspace import DEFAULT
from platinfra.sections.routes import Routes
from platinfra.sections.section import Destination, canonical_key
from platinfra.spec.destinations import FILE
from platinfra.spec.load import Stack
from platinfra.spec.schema import SettingValue, StackFile


@dataclass(frozen=True, slots=True)
class Chosen:
    """The stack file as it is in one environment, and where its parts stand."""

    name: str
    file: StackFile
    document: Document
    stages: dict[str, Path_]
    """Stage to the place of its list of tools."""
    settings: dict[str, dict[str, SettingValue]]
    """The environment's settings, component to settings."""
    destination: Destination
    twins: bool = False
    """Whether other tools may stand for services that cannot run here."""

    @property
    def target(self) -> str:
        """Return the name of the target."""
        return self.destination.provider.name

    @property
    def size(self) -> str | None:
        """Return how much of everything there is to be, where the file says so; `small` otherwise."""
        return getattr(self.destination.deployment, "size", None)

    @property
    def routes(self) -> Routes | None:
        """Return the hosts of pages, on a target that has such."""
        return getattr(self.destination.deployment, "routes", None)

    @property
    def overrides(self) -> Mapping[str, Any]:
        """Return values of charts, on a target that has charts: component to values."""
        return getattr(self.destination.deployment, "values", None) or {}

    @property
    def ground(self) -> Ground:
        """Return what the target offers; an unknown type, which the file's rules report, is taken for the usual one."""
        offered: tuple[Ground, ...] = targets.get(self.target).grounds
        found = next((each for each in offered if each.type == self.destination.deployment.type), offered[0])
        return replace(found, computer=targets.get(self.target).computer())


def chosen_environment(stack: Stack, name: str | None) -> Chosen:
    """Return the stack in environment `name`; raise PlatinfraError when there is none such."""
    stages: dict[str, Path_] = {stage: ("stack", stage) for stage in stack.file.stack}
    if name is None or (name == DEFAULT and name not in stack.file.environments):
        return Chosen(DEFAULT, stack.file, stack.document, stages, {}, stack.destinations[FILE])
    override = stack.file.environments.get(name)
    if override is None:
        known = list(stack.file.environments)
        others = f"the file has {join_names(known)}" if known else "the file has no `environments`"
        message = f"the environment `{name}` is not in the stack file"
        raise PlatinfraError(Diagnostic("unknown-environment", message, hint=did_you_mean(name, known) or others))
    stages |= {stage: ("environments", name, "stack", stage) for stage in override.stack}
    file = stack.file.model_copy(update={"stack": {**stack.file.stack, **override.stack}})
    settings = {
        component: {canonical_key(key): value for key, value in each.items()}
        for component, each in override.settings.items()
    }
    destination = stack.destinations.get(name, stack.destinations[FILE])
    return Chosen(name, file, stack.document, stages, settings, destination, override.twins)
