"""What people read below the progress of `up` on AWS: what it did and, as precisely, what it did not."""

from platinfra.targets.answers import Applied, Planned
from platinfra.targets.aws.verbs.plan import part_of
from platinfra.targets.aws.verbs.up import CloudApplied
from platinfra.targets.kubernetes.verbs import summary

_NEXT = "platinfra plan · platinfra drift · platinfra permissions · platinfra down"


def summarise(done: CloudApplied) -> Applied:
    """Return what was done and where the stack is."""
    cloud, brought = done.stack, done.applications
    part = part_of(done.changes)
    warnings = (*cloud.stack.warnings, *done.warnings, *(brought.bundle.unpinned if brought else ()))
    planned = Planned(cloud.stack, (part, *((brought.part,) if brought else ())), warnings)
    same = (part.nothing,) if part.is_empty else ()
    if brought is not None:
        where = _cluster(done)
        return Applied(planned, (where, *summary.addresses(brought)), (*same, *summary.notes(brought)))
    if "cluster" in cloud.stack.ground.places:
        return Applied(planned, (_cluster(done),), (*same, _NEXT))
    return Applied(planned, (_machine(done),), (*same, _waiting(done), _NEXT))


def _cluster(done: CloudApplied) -> tuple[str, str]:
    place = done.stack.place
    return "cluster", f"{place.cluster_name} in {place.region.name}"


def _machine(done: CloudApplied) -> tuple[str, str]:
    place = done.stack.place
    return "machine", f"{place.name('machine')} in {place.region.name}"


def _waiting(done: CloudApplied) -> str:
    names = [each.name for each in done.stack.stack.graph.components.values() if not each.is_service]
    return f"The machine installs the stack by itself; the first time takes some minutes: {', '.join(names)}."
