"""Rules for Kubernetes objects that are checked before anything is applied."""

from platinfra.targets.kubernetes.rules.check import check
from platinfra.targets.kubernetes.rules.known import ANY, Known
from platinfra.targets.kubernetes.rules.resource import Problem

__all__ = ["ANY", "Known", "Problem", "check"]
