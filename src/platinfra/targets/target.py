"""What every destination can do, and what it answers with; nothing here knows one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from platinfra.catalog.catalog import canonical_tool
from platinfra.diagnostics import Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.model.ground import Computer, Ground
from platinfra.sections.section import Deployment, Provider

if TYPE_CHECKING:
    from pathlib import Path

    from platinfra.model.drift import Drift
    from platinfra.model.plan import Change
    from platinfra.model.record import Record
    from platinfra.model.workspace import Workspace
    from platinfra.resolve.resolve import Resolved
    from platinfra.sections.section import Destination
    from platinfra.targets.answers import (
        Applied,
        Artifacts,
        ComponentStatus,
        Costs,
        Data,
        Ended,
        Finding,
        ImageStatus,
        Lock,
        LogReader,
        Page,
        Permissions,
        Planned,
        Proof,
        RegistryAccess,
        RenderOptions,
        RunningStack,
        Talk,
    )


class Target(Protocol):
    """A destination with its own engine; what it cannot do it leaves as it is here, and that is told."""

    name: str
    grounds: tuple[Ground, ...]
    """What it offers by type of deployment; the first is the usual one."""
    defaults: Mapping[str, str] = {}
    """Capability to the tool that meets it, beside what capabilities say themselves."""
    reserved: tuple[str, ...] = ()
    """Patterns of what a stack cannot be called there, with its environment: somebody else's things are called so."""
    alternatives: Mapping[str, str] = {}
    """Command that does not exist here to what does the work instead."""

    audited: bool = False
    """Whether its verbs write into the audit log of the stack's folder."""

    def missing(self, command: str) -> PlatinfraError:
        """Return the error of a command that does not exist here: what does its work instead."""
        message = f"`{command}` is not available on the target `{self.name}`"
        return PlatinfraError(Diagnostic("target-not-available", message, hint=self.alternatives.get(command)))

    def sections(self) -> tuple[type[Provider], type[Deployment]]:
        """Return the schemas of its `provider` and `deployment` in a stack file: without keys of its own, those of all."""
        return Provider, Deployment

    def problems(self, destination: Destination) -> Iterator[Diagnostic]:
        """Yield what is wrong with these sections that no schema can say."""
        yield from ()

    def needs(self, deployment: Any) -> Iterator[str]:
        """Yield the capabilities that it needs itself, whatever the stack names."""
        yield from ()

    def computer(self) -> Computer | None:
        """Return the machine that processes of the stack run on; None where it has none, or none that is known yet."""
        return None

    def check(self, stack: Resolved) -> None:
        """Raise PlatinfraError for all that it would refuse; offline."""

    def plan(self, stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
        """
        Say what `up` would do. `offline` leaves the world alone.

        With `certain`, a world that does not answer is an error and not a plan from the file alone.
        """
        raise self.missing("plan")

    def up(self, stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
        """Bring a stack up; raise PlatinfraError before anything is touched, ActionError when something failed."""
        raise self.missing("up")

    def down(self, workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
        """Take a stack down by what was written down of it; the stack file may be gone."""
        raise self.missing("down")

    def drift(self, stack: Resolved) -> list[Drift]:
        """Return what somebody changed by hand."""
        raise self.missing("drift")

    def status(self, workspace: Workspace) -> list[ComponentStatus]:
        """Return how each component is."""
        raise self.missing("status")

    def logs(
        self, workspace: Workspace, component: str | None, *, lines: int, follow: bool
    ) -> Iterator[tuple[str, str]]:
        """Yield source and line: the last `lines` of each log, then what is added while `follow`."""
        raise self.missing("logs")

    def open_logs(self, workspace: Workspace) -> LogReader:
        """Return what reads the logs of a stack piece by piece."""
        raise self.missing("portal")

    def describe(self, workspace: Workspace) -> RunningStack:
        """Return a stack as it was brought up."""
        raise self.missing("portal")

    def pages(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the components that have a page, with their addresses."""
        raise self.missing("open")

    def page(self, workspace: Workspace, component: str) -> Page:
        """Return the page of a component; raise PlatinfraError when it has none."""
        raise self.missing("open")

    def render(self, stack: Resolved, options: RenderOptions) -> Artifacts:
        """Return the artifacts of a stack as files that can be reviewed, committed and moved."""
        raise self.missing("render")

    def permissions(self, stack: Resolved) -> Permissions:
        """Return who may do what."""
        raise self.missing("permissions")

    def policy(self, stack: Resolved) -> str:
        """Return the documents that enforce the permissions."""
        raise self.missing("permissions --policy")

    def operator_policy(self, stack: Resolved) -> str:
        """Return the least permissions of whoever runs `up` and `down`."""
        raise self.missing("permissions --operator")

    def cost(self, stack: Resolved, prices: Sequence[Path]) -> Costs:
        """Return what a stack costs in a month, by price lists that are given; raise PlatinfraError for other files."""
        raise self.missing("cost")

    def doctor(self, stack: Resolved) -> Iterator[Finding]:
        """Look at what `up` needs on this machine."""
        yield from ()

    def environment(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the variables that a client of the stack needs."""
        raise self.missing("env")

    def command_environment(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the whole environment of a command that uses the stack."""
        raise self.missing("run")

    def server_command(
        self, workspace: Workspace, component: str, command: Sequence[str]
    ) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return a command that maintains a component, as its tool wants it, and its whole environment."""
        raise self.missing("run")

    def prove(self, workspace: Workspace, component: str | None, report: Callable[[Proof], None]) -> list[Proof]:
        """Prove components and wires through the tools' real clients."""
        raise self.missing("check")

    def restart(self, workspace: Workspace, component: str, talk: Talk) -> None:
        """Restart one component."""
        raise self.missing("restart")

    def images(self, stack: Resolved) -> list[ImageStatus]:
        """Return the images that a stack needs and nobody else makes."""
        raise self.missing("images")

    def build_images(
        self, stack: Resolved, report: Callable[[str], None], *, base: str | None, push: bool
    ) -> list[ImageStatus]:
        """Build the images that are not here yet on `base`, and push them if asked."""
        raise self.missing("images")

    def lock_images(
        self, stacks: Sequence[Resolved], report: Callable[[str], None], *, everywhere: bool
    ) -> list[ImageStatus]:
        """Write the digests of all images beside the stack file; `everywhere` when the stacks are all environments'."""
        raise self.missing("images")

    def model_registry(self, workspace: Workspace, component: str | None) -> RegistryAccess:
        """Return how the registry of a running stack is asked; `component` names one where there are several."""
        raise self.missing("models")

    def unlock(self, stack: Resolved, agree: Callable[[Lock], bool]) -> Lock | None:
        """Release the lock of a state whose holder died; None when nobody holds it."""
        raise self.missing("unlock")


IN_CLUSTER = "`status`, `logs`, `open`, `plan` and `drift` work with clusters; for this command, use an environment with `provider: {name: local}`"
"""Instead of commands that need the stack's processes on this machine."""


AUDIT = {
    **dict.fromkeys(("audit", "--why"), "the cluster's audit log and AWS CloudTrail keep who changed what there"),
    "models": IN_CLUSTER,
}
"""Instead of what only stacks on a machine have."""


def not_up(workspace: Workspace) -> PlatinfraError:
    """Say that a command needs a running stack."""
    message = f"no stack is running in `{workspace.folder}` (environment `{workspace.environment}`)"
    return PlatinfraError(Diagnostic("not-up", message, hint="start it with `platinfra up`"))


def chosen_component(name: str, components: Mapping[str, Any]) -> str:
    """Return the canonical name of a component; raise PlatinfraError with the nearest names when there is none."""
    if (canonical := canonical_tool(name)) in components:
        return canonical
    known = list(components)
    hint = did_you_mean(name, known) or (f"components: {join_names(known)}" if known else "run `platinfra up` first")
    raise PlatinfraError(
        Diagnostic("unknown-component", f"`{name}` is not a component of the running stack", hint=hint)
    )


def no_page(name: str) -> PlatinfraError:
    """Say that a component has no page."""
    return PlatinfraError(Diagnostic("no-page", f"`{name}` has no page", hint="`platinfra open` lists the pages"))


def not_confirmed(what: str, hint: str) -> PlatinfraError:
    """Say that nothing was done because nobody agreed."""
    return PlatinfraError(Diagnostic("not-confirmed", what, hint=f"nothing was changed; {hint}"))


def refuse_another_stack(before: Record, name: str) -> None:
    """Raise PlatinfraError when the record of a folder is that of a stack of another name."""
    if before.applied and before.stack not in {"", name}:
        message = f"the stack `{before.stack}` is running in this folder, but the file describes `{name}`"
        hint = "stop it with `platinfra down`, or give this file its own folder or environment"
        raise PlatinfraError(Diagnostic("another-stack", message, hint=hint))


def removal(changes: Sequence[Change], kept: Sequence[str]) -> list[str]:
    """Return the components that changes would remove altogether: those of none that is kept."""
    return sorted({each.component for each in changes if each.verb == "remove"} - set(kept))


def refuse_removal(components: list[str], talk: Talk) -> None:
    """Ask before components are removed; raise PlatinfraError when nobody agrees."""
    if components and not talk.may_remove(components):
        raise not_confirmed(f"`up` would remove {', '.join(components)}", "confirm with `--yes`")
