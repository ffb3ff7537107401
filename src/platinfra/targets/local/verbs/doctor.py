"""What this machine lacks for a stack on it."""

from collections.abc import Iterator

from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Finding
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.plan import prepare

_REMEDY = "stop the program that uses it, or run `platinfra up --move-ports`"


def findings(stack: Resolved) -> Iterator[Finding]:
    """Look at the ports of a stack."""
    prepared = prepare(stack)
    yield Finding("stack", ok=True, detail=f"{stack.graph.stack}: {len(stack.graph.components)} components")
    usable = machine.still_usable(stack.workspace, prepared.ports)
    for name, port in prepared.ports.items():
        detail = f"{name}: {'usable' if name in usable else 'taken'}"
        yield Finding(f"port {port}", name in usable, detail, _REMEDY)
