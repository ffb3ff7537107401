"""Gather the regions, zones and instance types of AWS from the development packages that carry them (botocore, moto)."""

import gzip
import json
from pathlib import Path

import boto3
import moto.ec2
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "src" / "platinfra" / "facts"
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def main() -> None:
    """Write both files."""
    write("aws_regions.json", {each: regions(each) for each in PARTITIONS})
    write("aws_instance_types.json", dict(sorted(instance_types().items())))


def regions(partition: str) -> dict[str, str]:
    """Return region to the letters of its zones."""
    zones = RegionsAndZonesBackend.zones
    names = boto3.session.Session().get_available_regions("ec2", partition)
    return {name: "".join(each.name[-1] for each in zones[name]) for name in names if name in zones}


def instance_types() -> dict[str, list[object]]:
    """Return type to CPUs, memory in MiB, GPUs and architectures."""
    file = Path(moto.ec2.__file__).parent / "resources" / "instance_types.json.gz"
    return {name: facts(each) for name, each in json.loads(gzip.decompress(file.read_bytes())).items()}


def facts(data: dict) -> list[object]:
    """Return what platinfra uses of one type."""
    gpus = sum(each.get("Count", 0) for each in data.get("GpuInfo", {}).get("Gpus", []))
    machine = [each for each in data["ProcessorInfo"]["SupportedArchitectures"] if each in {"x86_64", "arm64"}]
    return [data["VCpuInfo"]["DefaultVCpus"], data["MemoryInfo"]["SizeInMiB"], gpus, " ".join(machine)]


def write(name: str, data: dict) -> None:
    """Write one file, a line per entry."""
    lines = (f" {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in data.items())
    (FACTS / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
