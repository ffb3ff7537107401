"""Terraform's events as those of components."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from platinfra.model.event import Event, Phase
from platinfra.model.plan import Change
from platinfra.targets.aws import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from platinfra.drivers.terraform_events import Event as TerraformEvent

_PLANNING = "terraform"
"""Stands for a component while Terraform reads the account."""


class Progress:
    """Counts a component's resources as they are made or removed."""

    def __init__(self, emit: "Callable[[Event], None]", began: float, *, removing: bool = False) -> None:
        """Report to `emit`; `began` is the monotonic time of the command's begin."""
        self._emit, self._began = emit, began
        self._working: Phase = "stopping" if removing else "changing"
        self._ended: Phase = "stopped" if removing else "applied"
        self._left: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self._read = 0

    def planning(self, event: "TerraformEvent") -> None:
        """Report that resources are read."""
        from platinfra.drivers.terraform_events import Refreshed

        if isinstance(event, Refreshed):
            self._read += 1
            self._say(_PLANNING, "preparing", f"{self._read} resources read")

    def expect(self, changes: Iterable[Change]) -> None:
        """Remember how many resources each component waits for."""
        self._total = Counter(each.component for each in changes)
        self._left = Counter(self._total)
        if self._read:
            self._say(_PLANNING, "unchanged", "")
        for component in self._total:
            self._say(component, "waiting", "")

    def expect_removal(self, addresses: Iterable[str]) -> None:
        """Remember how many resources of each component go."""
        resources = [each for each in addresses if ".data." not in each and not each.startswith("data.")]
        self._total = Counter(labels.owner(each) for each in resources)
        self._left = Counter(self._total)

    def applying(self, event: "TerraformEvent") -> None:
        """Report a step of a resource."""
        from platinfra.drivers.terraform_events import ResourceStep

        if not isinstance(event, ResourceStep) or event.action in {"read", "open", "close"}:
            return
        component = labels.owner(event.resource.address)
        name = event.resource.address.rpartition("module.")[2].partition(".")[2] or event.resource.address
        match event.phase:
            case "started":
                self._say(component, self._working, f"{self._count(component)} {name}")
            case "running":
                self._say(component, self._working, f"{self._count(component)} {name} ({event.seconds} s)")
            case "failed":
                self._say(component, "failed", name)
            case "done":
                self._finish(component, name)

    def _finish(self, component: str, name: str) -> None:
        self._left[component] -= 1
        if self._left[component] <= 0:
            self._say(component, self._ended, f"{self._total[component]} resources")
        else:
            self._say(component, self._working, f"{self._count(component)} {name}")

    def _count(self, component: str) -> str:
        return f"{self._total[component] - self._left[component]}/{self._total[component]}"

    def _say(self, component: str, phase: Phase, detail: str) -> None:
        self._emit(Event(component, phase, detail, time.monotonic() - self._began))
