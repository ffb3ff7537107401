"""The models of a stack's registry: list them, let another version be champion, go back to the one before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app.served import await_served
from platinfra.app.stacks import brought_up
from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.drivers.audit_log import AuditLog
from platinfra.drivers.mlflow_registry import REPLACED, MlflowRegistry
from platinfra.drivers.model_status import model_status
from platinfra.model.audit import Act
from platinfra.model.event import Event
from platinfra.model.registry import (
    CHALLENGER,
    CHAMPION,
    RegisteredModel,
    RegisteredVersion,
    Release,
    ServerStatus,
)
from platinfra.targets.target import not_confirmed

if TYPE_CHECKING:
    from platinfra.targets.answers import RegistryAccess

PROMOTE, ROLLBACK = "models promote", "models rollback"
_KINDS = {"mlflow": MlflowRegistry}
"""What asks the registries of tools, by the API that their `tool.yaml` names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a champion to be moved."""

    agree: Callable[[str], bool]
    """Asked with a question before anything is moved."""
    emit: Callable[[Event], None]
    why: str = ""
    wait: float = 120.0
    """Seconds in which servers have to answer with the new champion."""


class Models:
    """The registry of a running stack, and what serves from it."""

    def __init__(self, file: Path | None, environment: str | None, registry: str | None = None) -> None:
        """Find them; raise PlatinfraError where the stack has no such registry, or none that is named so."""
        workspace, target = brought_up(file, environment)
        self._access: RegistryAccess = target.model_registry(workspace, registry)
        self._registry = _KINDS[self._access.api](self._access.component, self._access.url, self._access.login)
        self._log = AuditLog(workspace.root)

    def all(self) -> list[RegisteredModel]:
        """Return all models with who serves which version."""
        serving = {name: model_status(url) for name, url in self._access.servers.items()}
        return [_with_servers(each, serving) for each in self._registry.models()]

    def promote(self, name: str, version: str | None, wish: Wish) -> Release:
        """Let `champion` name a version, that of `challenger` without one, and wait until servers answer with it."""
        model = self._find(name)
        chosen = _choose(model, version)
        before = model.by_alias(CHAMPION)
        release = Release(name, before.version if before else "", chosen.version)
        if release.is_none:
            return release
        now = f"now version {release.before}" if release.before else "it has none"
        if not wish.agree(f"Make version {release.after} the champion of `{name}` ({now})?"):
            raise not_confirmed("the champion was not changed", "confirm with `--yes`")
        return self._move(PROMOTE, release, wish)

    def rollback(self, name: str, wish: Wish) -> Release:
        """Let `champion` name the version before again, and wait until servers answer with it."""
        model = self._find(name)
        release = self._way_back(model)
        question = f"Go back from version {release.before} to version {release.after} of `{name}` ({release.source})?"
        if not wish.agree(question):
            raise not_confirmed("the champion was not changed", "confirm with `--yes`")
        return self._move(ROLLBACK, release, wish)

    def _find(self, name: str) -> RegisteredModel:
        models = {each.name: each for each in self._registry.models()}
        if name in models:
            return models[name]
        hint = did_you_mean(name, models) or (
            f"models: {join_names(models)}" if models else "no model is registered yet"
        )
        raise PlatinfraError(Diagnostic("unknown-model", f"no model `{name}` is registered", hint=hint))

    def _way_back(self, model: RegisteredModel) -> Release:
        """Return the move to the version before: by the tag of the champion, else by the audit log."""
        now = model.by_alias(CHAMPION)
        if now is None:
            raise _no_way_back(f"`{model.name}` has no champion")
        noted = self._replaced_in_log(model.name, now.version)
        former = now.replaced or noted
        if not former:
            raise _no_way_back(
                f"nobody noted which version of `{model.name}` was champion before version {now.version}"
            )
        if model.find(former) is None:
            raise _no_way_back(f"version {former} of `{model.name}`, which was champion before, is gone")
        source = f"tag `{REPLACED}` of version {now.version}" if now.replaced else "by the audit log"
        return Release(model.name, now.version, former, source)

    def _replaced_in_log(self, name: str, version: str) -> str:
        """Return the champion before a version, as the latest entry of its promotion has it."""
        for each in reversed(self._log.entries()):
            if (each.action, each.object) == (PROMOTE, name) and each.after.get("champion") == version:
                return str(each.before.get("champion") or "")
        return ""

    def _move(self, action: str, release: Release, wish: Wish) -> Release:
        before = {"champion": release.before or None, "registry": self._access.component}
        with self._log.watch(Act(action, release.model, wish.why, before)) as after:
            if action == PROMOTE:
                self._registry.note_replaced(release.model, release.after, release.before)
            self._registry.set_alias(release.model, CHAMPION, release.after)
            after["champion"] = release.after
            served_by = await_served(self._access.servers, release, wish.emit, wish.wait)
            after["served_by"] = list(served_by)
        return replace(release, served_by=served_by)


def _choose(model: RegisteredModel, version: str | None) -> RegisteredVersion:
    """Return the version that is to be champion; raise PlatinfraError where there is none."""
    numbers = ", ".join(each.version for each in model.versions) or "none"
    if version is not None:
        if found := model.find(version):
            return found
        message = f"`{model.name}` has no version {version}"
        raise PlatinfraError(Diagnostic("unknown-model-version", message, hint=f"versions: {numbers}"))
    if challenger := model.by_alias(CHALLENGER):
        return challenger
    hint = f"name a version, such as `{model.name}@{model.versions[0].version}`" if model.versions else "register one"
    raise PlatinfraError(Diagnostic("no-challenger", f"no version of `{model.name}` is the challenger", hint=hint))


def _no_way_back(why: str) -> PlatinfraError:
    hint = "name the version that is to be champion: `platinfra models promote NAME@VERSION`"
    return PlatinfraError(Diagnostic("no-former-version", why, hint=hint))


def _with_servers(model: RegisteredModel, serving: Mapping[str, ServerStatus | None]) -> RegisteredModel:
    """Return a model whose versions say which components answer with them."""
    own = {name: each for name, each in serving.items() if each and each.follows(model.name)}
    versions = (
        replace(each, served_by=tuple(name for name, status in own.items() if status.serves(each.version)))
        for each in model.versions
    )
    return replace(model, versions=tuple(versions))
