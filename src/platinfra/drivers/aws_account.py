"""An AWS account: who we are in it, and whether a stack fits. boto3 is imported when it is first asked."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.terraform_events import Problem
from platinfra.drivers.terraform_problems import explain

_T = TypeVar("_T")
_HOME_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Partition → a region that every account of it may use."""
_CONNECT, _READ, _ATTEMPTS = 4, 15, 2
_FORBIDDEN, _MOVED, MISSING = 403, 301, 404
_STANDARD = "acdhimrtz"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials belong to."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a stack takes of the quotas of a region."""

    vpcs: int = 0
    addresses: int = 0
    clusters: int = 0
    cpus: int = 0
    """Virtual CPUs of on-demand machines of the standard families."""


@dataclass(frozen=True, slots=True)
class _Quota:
    noun: str
    service: str
    code: str
    """From the Service Quotas console."""
    used: Callable[["Account"], int]


_QUOTAS: Mapping[str, _Quota] = {
    "vpcs": _Quota("VPCs", "vpc", "L-F678F1CE", lambda account: account.count("ec2", "describe_vpcs", "Vpcs")),
    "addresses": _Quota("elastic IP addresses", "ec2", "L-0263D0A3", lambda account: account.addresses()),
    "clusters": _Quota(
        "EKS clusters", "eks", "L-1194D53C", lambda account: account.count("eks", "list_clusters", "clusters")
    ),
    "cpus": _Quota("vCPUs of on-demand machines", "ec2", "L-1216C47A", lambda account: account.cpus(tuple(_STANDARD))),
}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what botocore raises into an ActionError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ActionError(explain(Problem("error", str(error)), "aws-failed")) from error


def status(error: Any) -> int:
    """Return the HTTP status of a ClientError."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def ask(call: Callable[[], _T], *absent: int | str) -> _T | None:
    """Return what AWS answers; None when it refuses with one of the statuses or codes `absent`, else raise ActionError."""
    from botocore.exceptions import ClientError

    with translate_errors():
        try:
            return call()
        except ClientError as error:
            if {status(error), error.response["Error"]["Code"]}.isdisjoint(absent):
                raise
            return None


class Account:
    """The account that the credentials of a profile (or of the surroundings) belong to, in one region."""

    def __init__(self, region: str, profile: str | None = None) -> None:
        """Remember the names; nothing is asked yet."""
        self.region, self._profile = region, profile

    @cached_property
    def session(self) -> Any:
        """Return boto3's session."""
        import boto3

        with translate_errors():
            return boto3.Session(profile_name=self._profile, region_name=self.region)

    @property
    def partition(self) -> str:
        """Return the partition of the region, such as `aws` or `aws-cn`."""
        with translate_errors():
            return str(self.session.get_partition_for_region(self.region))

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client that gives up soon."""
        from botocore.config import Config

        retries = {"total_max_attempts": _ATTEMPTS, "mode": "standard"}
        config = Config(connect_timeout=_CONNECT, read_timeout=_READ, retries=retries)
        with translate_errors():
            return self.session.client(service, region_name=region or self.region, config=config)

    def records_of(self, zone: str, owner: str) -> list[str]:
        """Return the names of the records of a zone by which ExternalDNS marks what is its `owner`'s; none without the zone."""
        pages = self.client("route53").get_paginator("list_resource_record_sets")
        found = ask(lambda: list(pages.paginate(HostedZoneId=zone)), "NoSuchHostedZone") or []
        mark = f"external-dns/owner={owner},"
        return [
            each["Name"].rstrip(".")
            for page in found
            for each in page["ResourceRecordSets"]
            if any(mark in f"{value['Value'].strip(chr(34))}," for value in each.get("ResourceRecords", []))
        ]

    @cached_property
    def identity(self) -> Identity:
        """Return who we are; raise ActionError without valid credentials."""
        with translate_errors():
            found = self.client("sts").get_caller_identity()
        return Identity(found["Account"], found["Arn"])

    def check_region(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the region: AWS does not know it, or the account has not enabled it."""
        from botocore.exceptions import ClientError

        home = _HOME_REGION.get(self.partition, self.region)
        with translate_errors():
            try:
                found = self.client("ec2", home).describe_regions(RegionNames=[self.region], AllRegions=True)["Regions"]
            except ClientError as error:
                if status(error) == _FORBIDDEN:
                    return (_unchecked_warning(f"whether the region `{self.region}` is enabled", error),)
                if error.response["Error"]["Code"] != "InvalidParameterValue":
                    raise
                found = []
        if any(each.get("OptInStatus") != "not-opted-in" for each in found):
            return ()
        state = "is not enabled in this account" if found else "does not exist"
        hint = "enable it at https://console.aws.amazon.com/billing/home#/account, or choose another `region`"
        return (Diagnostic("region-not-enabled", f"the region `{self.region}` {state}", hint=hint),)

    def check_bucket_name(self, name: str) -> tuple[Diagnostic, ...]:
        """Return what is wrong with a bucket's name: it belongs to another user. One of our own is fine."""
        try:
            self.has_bucket(name)
        except ActionError as error:
            if error.diagnostics[0].code != "bucket-taken":
                raise
            return error.diagnostics
        return ()

    def has_bucket(self, name: str) -> bool:
        """Tell whether a bucket is there and ours; raise ActionError when it belongs to another user."""
        from botocore.exceptions import ClientError

        with translate_errors():
            try:
                self.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=self.identity.account)
            except ClientError as error:
                if status(error) in {_FORBIDDEN, _MOVED}:
                    raise ActionError(bucket_taken(name)) from error
                if status(error) != MISSING:
                    raise
                return False
        return True

    def zone_ids(self, names: Sequence[str]) -> dict[str, str]:
        """Return the ids of zones, which are the same in all accounts: by the names of zones, or by subnets in them."""
        if not names:
            return {}
        ec2 = self.client("ec2")
        with translate_errors():
            if names[0].startswith("subnet-"):
                subnets = ec2.describe_subnets(SubnetIds=[*names])["Subnets"]
                return {each["SubnetId"]: each["AvailabilityZoneId"] for each in subnets}
            zones = ec2.describe_availability_zones(ZoneNames=[*names])["AvailabilityZones"]
        return {each["ZoneName"]: each["ZoneId"] for each in zones}

    def check_quotas(self, needs: Needs) -> tuple[Diagnostic, ...]:
        """Return the quotas that a new stack would exceed, and warnings for those that cannot be read."""
        wanted = {name: getattr(needs, name) for name in _QUOTAS}
        found = (self._check_quota(_QUOTAS[name], number) for name, number in wanted.items() if number)
        return tuple(each for each in found if each)

    def _check_quota(self, quota: _Quota, number: int) -> Diagnostic | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
            limit, used = int(answer["Quota"]["Value"]), quota.used(self)
        except (BotoCoreError, ClientError) as error:
            return _unchecked_warning(f"the quota of {quota.noun}", error)
        if used + number <= limit:
            return None
        left = f"only {max(limit - used, 0)} of {limit} are left in `{self.region}`"
        hint = f"request an increase of {quota.code} at https://console.aws.amazon.com/servicequotas"
        return Diagnostic("quota-exceeded", f"the stack needs {number} {quota.noun}, and {left}", hint=hint)

    def count(self, service: str, call: str, field: str) -> int:
        """Return how many entries all pages of a list have."""
        return sum(len(page[field]) for page in self.client(service).get_paginator(call).paginate())

    def addresses(self) -> int:
        """Return how many elastic IP addresses there are."""
        return len(self.client("ec2").describe_addresses()["Addresses"])

    def cpus(self, families: tuple[str, ...]) -> int:
        """Return the virtual CPUs of the running on-demand machines whose type starts with one of `families`."""
        running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        pages = self.client("ec2").get_paginator("describe_instances").paginate(Filters=running)
        machines = (each for page in pages for group in page["Reservations"] for each in group["Instances"])
        return sum(
            _cpus(each)
            for each in machines
            if _family(each["InstanceType"]) in families and each.get("InstanceLifecycle") != "spot"
        )


def _family(instance_type: str) -> str:
    """Return the letters before the generation: `m` of `m6i.large`."""
    return re.split(r"[\d.-]", instance_type, maxsplit=1)[0]


def _cpus(machine: Mapping[str, Any]) -> int:
    options = machine.get("CpuOptions", {})
    return int(options.get("CoreCount", 1)) * int(options.get("ThreadsPerCore", 1))


def bucket_taken(name: str) -> Diagnostic:
    """Return what to tell about a bucket that is not ours: names are unique in the whole world."""
    hint = "choose another name for the stack or the bucket; your own buckets in other regions count too"
    return Diagnostic("bucket-taken", f"the bucket name `{name}` is already taken", hint=hint)


def _unchecked_warning(what: str, error: Exception) -> Diagnostic:
    message = f"{what} could not be checked"
    return Diagnostic("not-checked", message, severity="warning", details=(str(error),))
