"""A cluster on this machine that `up` makes for one stack, and `down --delete-data` deletes."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from platinfra.engine.apply import Emit
from platinfra.model.event import Event, Phase
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.targets.folder import KUBECONFIG
from platinfra.targets.kubernetes.record import ClusterRecord, OwnCluster
from platinfra.targets.kubernetes.verbs.site import Site

if TYPE_CHECKING:
    from platinfra.drivers.made_clusters import MadeCluster
    from platinfra.targets.kubernetes.images import Image

COMPONENT = "cluster"


def program_of(stack: Resolved) -> str | None:
    """Return the program that makes the stack's cluster; None where it exists."""
    return stack.ground.type if stack.ground.type != "existing" else None


def own_cluster(workspace: Workspace) -> OwnCluster | None:
    """Return what is known of the stack's own cluster; None when there is none."""
    return Site(workspace.root).record().cluster if workspace.root.is_dir() else None


def ensure(workspace: Workspace, program: str, namespace: str, images: "Sequence[Image]", emit: Emit) -> None:
    """
    Make the cluster unless it is there, and bring the images that platinfra builds onto its nodes.

    One whose making was cut short is made anew. Raises PlatinfraError without the program, ActionError when it fails.
    """
    from platinfra.drivers.files import make_state_folder
    from platinfra.drivers.lock import stack_lock

    began = time.monotonic()

    def say(phase: Phase, detail: str) -> None:
        emit(Event(COMPONENT, phase, detail, time.monotonic() - began))

    name = f"platinfra-{namespace}"
    made = _cluster(workspace, program, name)
    make_state_folder(workspace)
    with stack_lock(workspace.root, "up"):
        found = own_cluster(workspace) or OwnCluster(program, name)
        exists = made.exists()
        if exists and not found.ready:
            say("preparing", "deleting the rest of an interrupted start")
            made.delete()
        if not exists or not found.ready:
            found = OwnCluster(program, name)
            _write(workspace, found)
            say("preparing", f"creating a {program} cluster (a few minutes)")
            made.create()
            found = replace(found, ready=True)
            _write(workspace, found)
        made.write_kubeconfig()
        _load(workspace, made, found, images, say)
        say("healthy", f"{name} ({program})")


def _load(workspace: Workspace, made: "MadeCluster", found: OwnCluster, images: "Sequence[Image]", say: Any) -> None:
    """Build and load the images that are not on the nodes yet."""
    from platinfra.drivers.containers import Containers

    wanted = [each for each in images if each.name not in found.images]
    engine = Containers() if wanted else None
    for each in wanted:
        assert engine
        if not engine.has(each.name):
            say("preparing", f"building {each.name}")
            engine.build(each.name, each.context)
        say("preparing", f"loading {each.name}")
        made.load(each.name)
        found = replace(found, images=(*found.images, each.name))
        _write(workspace, found)


def delete(workspace: Workspace, emit: Emit) -> bool:
    """Delete the cluster with everything in it; return False when there is none."""
    found = own_cluster(workspace)
    if found is None:
        return False
    made = _cluster(workspace, found.program, found.name)
    if made.exists():
        emit(Event(COMPONENT, "stopping", f"deleting the {found.program} cluster {found.name}"))
        made.delete()
    return True


def _cluster(workspace: Workspace, program: str, name: str) -> "MadeCluster":
    from platinfra.drivers.made_clusters import MadeCluster

    return MadeCluster(program, name, workspace.root / KUBECONFIG)


def _write(workspace: Workspace, found: OwnCluster) -> None:
    """Write down what is known of the cluster before it is made: `down` may have to do without the file."""
    file = Site(workspace.root).file
    file.save(replace(file.load(), target=ClusterRecord.destination, cluster=found))
