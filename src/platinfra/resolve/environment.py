"""Apply the overrides of the chosen environment."""

from dataclasses import dataclass

from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.document import Document, Path_
from platinfra.model import targets
from platinfra.model.ground import Ground
from platinfra.model.workspace import DEFAULT
from platinfra.spec.aws import canonical_key
from platinfra.spec.load import Stack
from platinfra.spec.schema import Deployment, Scalar, StackFile


@dataclass(frozen=True, slots=True)
class Chosen:
    """The stack file as it is in one environment, and where its parts stand."""

    name: str
    file: StackFile
    document: Document
    stages: dict[str, Path_]
    """Stage to the place of its list of tools."""
    settings: dict[str, dict[str, Scalar]]
    """The environment's settings, component to settings."""
    deployment: Path_ = ("deployment",)
    """The place of its deployment."""

    @property
    def size(self) -> str:
        """Return how much of everything there is to be."""
        return self.file.deployment.size or "small"

    @property
    def ground(self) -> Ground:
        """Return what the target offers; an unknown type, which the file's rules report, is taken for the usual one."""
        offered: tuple[Ground, ...] = targets.get(self.file.provider.name).grounds
        return next((each for each in offered if each.type == self.file.deployment.type), offered[0])


def chosen_environment(stack: Stack, name: str | None) -> Chosen:
    """Return the stack in environment `name`; raise PlatinfraError when there is none such."""
    stages: dict[str, Path_] = {stage: ("stack", stage) for stage in stack.file.stack}
    if name is None or (name == DEFAULT and name not in stack.file.environments):
        return Chosen(DEFAULT, stack.file, stack.document, stages, {})
    override = stack.file.environments.get(name)
    if override is None:
        known = list(stack.file.environments)
        others = f"the file has {join_names(known)}" if known else "the file has no `environments`"
        message = f"the environment `{name}` is not in the stack file"
        raise PlatinfraError(Diagnostic("unknown-environment", message, hint=did_you_mean(name, known) or others))
    stages |= {stage: ("environments", name, "stack", stage) for stage in override.stack}
    usual = Deployment.model_construct() if override.provider else stack.file.deployment
    changed = {"provider": override.provider or stack.file.provider, "deployment": override.deployment or usual}
    file = stack.file.model_copy(update={**changed, "stack": {**stack.file.stack, **override.stack}})
    settings = {
        component: {canonical_key(key): value for key, value in each.items()}
        for component, each in override.settings.items()
    }
    place: Path_ = ("environments", name, "deployment") if override.deployment else ("deployment",)
    return Chosen(name, file, stack.document, stages, settings, place)
