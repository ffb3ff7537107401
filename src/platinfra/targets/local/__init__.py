"""One machine: the one that platinfra runs on."""

from typing import TYPE_CHECKING

from platinfra.targets.lazy import modules_of

if TYPE_CHECKING:
    from platinfra.targets.local import computer, policy, verbs
else:
    __getattr__ = modules_of(__name__)
