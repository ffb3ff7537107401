"""The stack that a command means, and the target it is for or was brought up on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from platinfra.app.workspace import at
from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.model import targets
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.resolve.workspace import resolve_workspace
from platinfra.targets.target import Target

if TYPE_CHECKING:
    from platinfra.drivers.record_file import Header
    from platinfra.targets.answers import ImageStatus


def stack_of(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> tuple[Resolved, Target]:
    """Return a resolved stack and its target; raise PlatinfraError with every problem of the file."""
    return with_target(resolve_workspace(at(file, environment), without))


def checked_stack(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> tuple[Resolved, Target]:
    """Return the same; raise PlatinfraError also for what only the target knows to be wrong."""
    stack, target = stack_of(file, environment, without)
    target.check(stack)
    return stack, target


def checked_stacks(file: Path | None, environment: str | None) -> list[Resolved]:
    """Return the stack in the chosen environment, or in every one; raise PlatinfraError with every problem of these."""
    first, _ = checked_stack(file, environment)
    found, problems = [first], dict[Diagnostic, None]()
    for name in () if environment is not None else first.environments:
        try:
            found.append(checked_stack(file, name)[0])
        except PlatinfraError as error:  # the same line may be right as the file stands, and wrong there
            problems |= {
                replace(each, message=f"environment `{name}`: {each.message}"): None for each in error.diagnostics
            }
    refuse(problems)
    return found


def lock_images(file: Path | None, environment: str | None, report: Callable[[str], None]) -> "list[ImageStatus]":
    """Write the digests of all images beside the stack file: without a chosen environment those of all in clusters."""
    first, target = stack_of(file, environment)
    others = () if environment is not None else first.environments
    stacks = [first, *(stack_of(file, each)[0] for each in others)]
    in_clusters = [each for each in stacks if "cluster" in each.ground.places] or [first]
    _, target = stack_of(file, in_clusters[0].workspace.environment)
    return target.lock_images(in_clusters, report, everywhere=environment is None)


def with_target(stack: Resolved) -> tuple[Resolved, Target]:
    """Return a stack with its target."""
    return stack, cast("Target", targets.get(stack.graph.target))


def brought_up(file: Path | None, environment: str | None) -> tuple[Workspace, Target]:
    """Return the workspace that a command means, and the target that its stack was brought up on."""
    workspace = at(file, environment)
    return workspace, target_of(workspace)


def target_of(workspace: Workspace) -> Target:
    """Return the target that a stack was brought up on; the one of its file where nothing was written down."""
    name = _recorded_target(workspace) or _named_target(workspace)
    target = targets.find(name)
    if target is None:
        message = f"the stack is on the target `{name}`, which no installed package provides"
        raise PlatinfraError(Diagnostic("target-missing", message, hint="install the package that provides it again"))
    return cast("Target", target)


def refuse_reason(target: Target, why: str) -> None:
    """Raise PlatinfraError for a reason that nobody would write down."""
    if why and not target.audited:
        raise target.missing("--why")


def component_names(file: Path | None, environment: str | None) -> list[str]:
    """Return the components of a stack that was brought up; none when nothing can be read."""
    try:
        return list(_header(at(file, environment)).components)
    except PlatinfraError:
        return []


def _recorded_target(workspace: Workspace) -> str:
    """Return the target that the record names; none when nothing was brought up, or the record is damaged."""
    try:
        return _header(workspace).target
    except PlatinfraError as error:
        if error.diagnostics[0].code != "state-damaged":
            raise
        return ""


def _header(workspace: Workspace) -> "Header":
    from platinfra.drivers.record_file import Header, RecordFile
    from platinfra.model.record import Record

    return RecordFile(workspace.root, Record).header() if workspace.root.is_dir() else Header()


def _named_target(workspace: Workspace) -> str:
    """Return the target that the file names; this machine when there is no file that can be read."""
    try:
        return resolve_workspace(workspace).graph.target if workspace.file.is_file() else targets.LOCAL
    except PlatinfraError:
        return targets.LOCAL
