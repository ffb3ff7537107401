"""Find what somebody changed by hand since `up`."""

from pathlib import Path

from platinfra.app.workspace import at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.drift import Drift


def drift(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> list[Drift]:
    """Return what differs from what was applied; raise PlatinfraError when the stack is not up or has no cloud or cluster."""
    workspace = at(file, environment)
    target = workspace.resolve(workspace.catalog(), without).graph.target
    if target == "aws":
        from platinfra.app.aws.drift import cloud_drift  # start-up time: other targets need none of it

        return cloud_drift(workspace, without)
    if target == "kubernetes":
        from platinfra.app.kubernetes.drift import cluster_drift

        return cluster_drift(workspace, without)
    hint = "`platinfra status` tells how each component is, and `platinfra up` puts things right"
    message = "a stack on this machine has no drift to look for"
    raise PlatinfraError(Diagnostic("target-not-available", message, hint=hint))
