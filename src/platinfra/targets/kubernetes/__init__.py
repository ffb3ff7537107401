"""Any Kubernetes cluster."""

from typing import TYPE_CHECKING

from platinfra.targets.lazy import modules_of

if TYPE_CHECKING:
    from platinfra.targets.kubernetes import permissions, render, verbs
else:
    __getattr__ = modules_of(__name__)
