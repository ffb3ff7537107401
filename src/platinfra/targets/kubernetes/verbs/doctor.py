"""What this machine lacks for a stack in a cluster, and whether the cluster answers."""

from collections.abc import Callable, Iterator

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers import helm, kubectl
from platinfra.drivers.containers import Containers
from platinfra.drivers.kubernetes_client import KubernetesClient
from platinfra.drivers.made_clusters import MadeCluster
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Finding
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.images import images
from platinfra.targets.kubernetes.verbs.made import program_of
from platinfra.targets.kubernetes.verbs.stack import context_of


def findings(stack: Resolved, bundle: Bundle) -> Iterator[Finding]:
    """Look at what a stack in a cluster of its own context needs here."""
    yield Finding("stack", ok=True, detail=f"{bundle.place.stack}: {len(stack.graph.components)} components")
    yield from programs(bundle)
    program = program_of(stack)
    if program:
        yield look(program, lambda: MadeCluster(program, "", stack.workspace.root).program)
    else:
        context = context_of(stack)
        yield look("cluster", lambda: f"Kubernetes {KubernetesClient(context).server_version()}")


def programs(bundle: Bundle) -> Iterator[Finding]:
    """Look for the programs that every stack in a cluster needs."""
    yield look("helm", helm.describe)
    yield look("kubectl", kubectl.find)
    if images(bundle.values):
        yield look("container engine", lambda: Containers().program)


def look(subject: str, find: Callable[[], str]) -> Finding:
    """Return what was found, or what is missing and how to get it."""
    try:
        return Finding(subject, ok=True, detail=find())
    except PlatinfraError as error:
        first = error.diagnostics[0]
        return Finding(subject, ok=False, detail=first.message, remedy=first.hint or "")
