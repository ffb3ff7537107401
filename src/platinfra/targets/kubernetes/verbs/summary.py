"""What people read below the progress of `up` in a cluster."""

from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Applied
from platinfra.targets.kubernetes.verbs.plan import ClusterPlan

_NEXT = "platinfra status · platinfra open NAME · platinfra drift · platinfra down"


def summarise(stack: Resolved, done: ClusterPlan) -> Applied:
    """Return what was done and where in the cluster the stack is."""
    return Applied(done.describe(stack), tuple(addresses(done)), notes(done))


def addresses(done: ClusterPlan) -> list[tuple[str, str]]:
    """Return the namespace and the address of each page."""
    values = done.bundle.values
    pages = [
        (each.name, values.facts.address(each) or values.url(each, "http"))
        for each in values.graph.components.values()
        if "http" in values.tool(each).endpoints and not each.is_service
    ]
    return [("namespace", values.facts.place.namespace), *pages]


def notes(done: ClusterPlan) -> tuple[str, ...]:
    """Return what people should know, and the commands that come next."""
    same = ("nothing to do: the cluster matches the file",) if done.part.is_empty else ()
    return (*same, _NEXT)
