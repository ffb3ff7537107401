"""Regions, zones and instance types of AWS, as `requirements/aws_facts.py` gathered them; offline and dated by Git."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

DEFAULT_REGION = "us-east-1"
_FOLDER = Path(__file__).parent
_SOON = 60
"""Days before support ends in which people are told."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region with the zones that accounts usually see."""

    name: str
    partition: str
    """`aws`, `aws-cn` or `aws-us-gov`; the second part of every ARN."""
    zones: tuple[str, ...]

    @property
    def domain(self) -> str:
        """Return the domain of the region's services."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"


@dataclass(frozen=True, slots=True)
class InstanceType:
    """A size of virtual machine."""

    name: str
    cpus: int
    memory: int
    """MiB."""
    gpus: int
    architectures: tuple[str, ...]
    """`x86_64`, `arm64`."""


@dataclass(frozen=True, slots=True)
class Eks:
    """What EKS documents. Source: its user guide, "Kubernetes version lifecycle" and "VPC and subnet requirements"."""

    support_ends: Mapping[str, str]
    """Kubernetes version to the day when standard support ends, as 2026-12-31; newer ones may exist."""
    unsupported_zones: Mapping[str, Sequence[str]]
    """Region to the ids of zones in which no cluster may lie."""


@cache
def eks() -> Eks:
    """Return what is known of EKS, as of November 2026."""
    return Eks(**json.loads((_FOLDER / "aws_eks.json").read_text()))


def is_near(day: str) -> bool:
    """Tell whether a day, as 2026-12-31, is over or within the next sixty days."""
    return (date.fromisoformat(day) - today()).days <= _SOON


def today() -> date:
    """Return this day."""
    return date.today()  # noqa: DTZ011 (a day more or less is the same to a warning)


@cache
def regions() -> Mapping[str, Region]:
    """Return the regions by name."""
    data = json.loads((_FOLDER / "aws_regions.json").read_text())
    return {
        name: Region(name, partition, tuple(f"{name}{letter}" for letter in letters))
        for partition, found in data.items()
        for name, letters in found.items()
    }


@cache
def instance_types() -> Mapping[str, InstanceType]:
    """Return the instance types by name."""
    data = json.loads((_FOLDER / "aws_instance_types.json").read_text())
    return {
        name: InstanceType(name, cpus, memory, gpus, tuple(architectures.split()))
        for name, (cpus, memory, gpus, architectures) in data.items()
    }
