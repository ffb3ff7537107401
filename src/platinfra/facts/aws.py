"""Regions, zones and instance types of AWS, as `requirements/aws_facts.py` gathered them; offline and dated by Git."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEFAULT_REGION = "us-east-1"
_FOLDER = Path(__file__).parent


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
