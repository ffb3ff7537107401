"""What the commands do for a stack on AWS: Terraform is the engine there, and its state the truth."""

from typing import TYPE_CHECKING

from platinfra.targets.lazy import modules_of

if TYPE_CHECKING:
    from platinfra.targets.aws.verbs import cost, doctor, down, drift, plan, render, running, stack, unlock, up
else:
    __getattr__ = modules_of(__name__)
