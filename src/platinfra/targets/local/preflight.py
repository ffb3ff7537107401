"""What keeps a plan from being applied on this machine, looked for before anything is started."""

from platinfra.model.plan import Plan, Seen
from platinfra.targets.local.actions import Start
from platinfra.targets.local.record import LocalRecord
from platinfra.targets.local.taken import TakenPort


def taken_ports(plan: Plan[LocalRecord], seen: Seen) -> list[TakenPort]:
    """Return the ports of all that a plan has to start, where neither they are free nor the stack itself has them."""
    starts = [each for each in plan.actions if isinstance(each, Start) and not each.holds(seen)]
    found = [
        TakenPort(each.component, address.port, holder)
        for each in starts
        for address in each.addresses
        if (holder := seen.world.sockets.holder(address.port))
    ]
    own = _own_ports(plan, seen) if found else set()
    return [each for each in found if each.port not in own]


def _own_ports(plan: Plan[LocalRecord], seen: Seen) -> set[int]:
    """Return what the stack itself listens on; processes that outlived their supervisor are in no status."""
    names = {*seen.statuses, *(each.process for each in plan.actions if isinstance(each, Start))}
    return {each.port for name in names for each in seen.world.processes.listeners(name)}
