"""What the commands do for a stack in a cluster."""

from typing import TYPE_CHECKING

from platinfra.targets.lazy import modules_of

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.verbs import doctor, down, drift, images, plan, render, running, stack, up
else:
    __getattr__ = modules_of(__name__)
