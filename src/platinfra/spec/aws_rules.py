"""Rules of a deployment on AWS that no schema can say; all of them are checked offline."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.facts.aws import DEFAULT_REGION, Region, instance_types, regions
from platinfra.spec.aws import Cluster, Machine, Network, SignIn
from platinfra.spec.schema import Deployment, Provider

if TYPE_CHECKING:
    from ipaddress import IPv4Network

Where = Callable[..., Span | None]
"""Returns the place of a value of the deployment, such as `("network", "zones", 0)`."""

MIN_ZONES = 2
_WIDEST, _NARROWEST = 16, 20
_DOCKER = "172.17.0.0/16"
_OLDEST_CLUSTER = (1, 34)
_MONTHS = (30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
LOG_DAYS = (1, 3, 5, 7, 14, *_MONTHS)
"""What CloudWatch takes. Source: its API reference, PutRetentionPolicy."""
_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}|aws|):(.+)")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_TAG_KEY, _TAG_VALUE = 128, 256


@dataclass(frozen=True, slots=True)
class _Checks:
    provider: Provider
    deployment: Deployment
    where: Where

    @property
    def region(self) -> Region | None:
        return regions().get(self.provider.region or DEFAULT_REGION)

    def all(self) -> Iterator[Diagnostic]:
        if self.deployment.network:
            yield from self.network(self.deployment.network)
        if self.deployment.cluster:
            yield from self.cluster(self.deployment.cluster)
        if self.deployment.machine:
            yield from self.machine(self.deployment.machine)
        if self.deployment.routes:
            yield from self.only_with("routes", "kubernetes")
        if self.deployment.sign_in:
            yield from self.sign_in(self.deployment.sign_in)
        if self.deployment.permissions_boundary is not None:
            yield from self.arn(self.deployment.permissions_boundary, ("permissions_boundary",), "iam", ("policy/",))
        yield from self.domain()
        yield from self.log_days()
        yield from self.tags()

    def network(self, network: Network) -> Iterator[Diagnostic]:
        if network.vpc_id is not None:
            yield from self.existing(network)
            return
        for key in ("private_subnets", "database_subnets", "public_subnets"):
            if getattr(network, key):
                hint = "name their VPC too: `vpc-id: vpc-…`"
                yield Diagnostic(
                    "missing-key",
                    f"`{key.replace('_', '-')}` belong to an existing VPC",
                    self.where("network", key),
                    hint,
                )
        yield from self.cidr(network.cidr)
        yield from self.zones(network.zones)

    def existing(self, network: Network) -> Iterator[Diagnostic]:
        """Check what is named of an existing VPC: its subnets have to span two zones, and only AWS knows which."""
        for key, minimum in (("private_subnets", MIN_ZONES), ("database_subnets", 0), ("public_subnets", 0)):
            subnets: list[str] = getattr(network, key)
            place = self.where("network", key) or self.where("network", "vpc_id")
            if len(set(subnets)) < max(minimum, MIN_ZONES if subnets else 0):
                name = key.replace("_", "-")
                message = f"an existing VPC needs {MIN_ZONES} `{name}` in different zones; {len(set(subnets))} given"
                yield Diagnostic("too-few-subnets", message, place, f"write `{name}: [subnet-…, subnet-…]`")
            for index, each in enumerate(subnets):
                if not re.fullmatch(r"subnet-[0-9a-f]{8,17}", each):
                    yield Diagnostic(
                        "invalid-id",
                        f"`{each}` is not a subnet id",
                        self.where("network", key, index),
                        "subnet-…",
                    )
        if self.deployment.type == "cloud_vm" and "cidr" not in network.model_fields_set:
            hint = "the machine may only connect to databases inside this range: `cidr: …`"
            yield Diagnostic(
                "missing-key", "the machine needs the `cidr` of the VPC", self.where("network", "vpc_id"), hint
            )
        if not re.fullmatch(r"vpc-[0-9a-f]{8,17}", network.vpc_id or ""):
            yield Diagnostic(
                "invalid-id", f"`{network.vpc_id}` is not a VPC id", self.where("network", "vpc_id"), "vpc-…"
            )

    def cidr(self, text: str) -> Iterator[Diagnostic]:
        place, hint = self.where("network", "cidr"), "such as 10.20.0.0/16"
        from ipaddress import ip_network  # start-up time

        found = _range(text)
        if found is None:
            yield Diagnostic("invalid-cidr", f"`{text}` is not a range of IPv4 addresses", place, hint)
        elif found.prefixlen > _NARROWEST:
            message = f"`{text}` is too small: {found.num_addresses} addresses for all subnets and pods"
            yield Diagnostic("invalid-cidr", message, place, f"between /{_WIDEST} and /{_NARROWEST}, {hint}")
        elif found.prefixlen < _WIDEST:
            yield Diagnostic("invalid-cidr", f"`{text}` is larger than a VPC can be", place, f"/{_WIDEST} or smaller")
        elif not found.is_private:
            message = f"`{text}` contains public addresses"
            yield Diagnostic("invalid-cidr", message, place, f"take a private range, {hint}")
        elif found.overlaps(ip_network(_DOCKER)):
            message = f"`{text}` overlaps {_DOCKER}, the container bridge of every machine"
            yield Diagnostic("invalid-cidr", message, place, f"take another private range, {hint}")

    def zones(self, zones: list[str]) -> Iterator[Diagnostic]:
        region = self.region
        if not zones or region is None:
            return
        for index, zone in enumerate(zones):
            if zone not in region.zones:
                hint = did_you_mean(zone, region.zones) or f"zones of {region.name}: {join_names(region.zones)}"
                yield Diagnostic(
                    "unknown-zone",
                    f"`{zone}` is not a zone of `{region.name}`",
                    self.where("network", "zones", index),
                    hint,
                )
        if len(set(zones)) < max(MIN_ZONES, len(zones)):
            hint = f"zones of {region.name}: {join_names(region.zones)}"
            yield Diagnostic(
                "too-few-zones",
                f"a network needs at least {MIN_ZONES} different zones",
                self.where("network", "zones"),
                hint,
            )

    def cluster(self, cluster: Cluster) -> Iterator[Diagnostic]:
        yield from self.only_with("cluster", "kubernetes")
        if not re.fullmatch(r"\d+\.\d+", cluster.version) or _version(cluster.version) < _OLDEST_CLUSTER:
            oldest = ".".join(map(str, _OLDEST_CLUSTER))
            yield Diagnostic(
                "unsupported-version",
                f"`{cluster.version}` is not a Kubernetes version that platinfra supports on EKS",
                self.where("cluster", "version"),
                f"{oldest} or newer",
            )
        for index, each in enumerate(cluster.instance_types):
            yield from self.instance_type(each, ("cluster", "instance_types", index))
        yield from self.one_architecture(cluster.instance_types)
        if cluster.gpu:
            yield from self.instance_type(cluster.gpu.instance_type, ("cluster", "gpu", "instance_type"), gpu=True)
        if cluster.min > cluster.max:
            hint = f"write `max: {cluster.min}` or more"
            yield Diagnostic("out-of-range", "`max` is smaller than `min`", self.where("cluster", "max"), hint)
        for index, each in enumerate(cluster.public_access):
            if _range(each) is None:
                yield Diagnostic(
                    "invalid-cidr",
                    f"`{each}` is not a range of IPv4 addresses",
                    self.where("cluster", "public_access", index),
                    "such as 203.0.113.7/32",
                )
        yield from self.existing_cluster(cluster)

    def existing_cluster(self, cluster: Cluster) -> Iterator[Diagnostic]:
        if cluster.name is None:
            return
        network = self.deployment.network
        if not network or not network.vpc_id:
            hint = "name its network: `network: {vpc-id: vpc-…, private-subnets: […]}`"
            yield Diagnostic(
                "missing-key", "an existing cluster needs an existing VPC", self.where("cluster", "name"), hint
            )
        if not cluster.security_group:
            hint = "databases allow connections from it: `security-group: sg-…`"
            yield Diagnostic(
                "missing-key", "an existing cluster needs its `security-group`", self.where("cluster", "name"), hint
            )

    def machine(self, machine: Machine) -> Iterator[Diagnostic]:
        yield from self.only_with("machine", "cloud_vm")
        yield from self.instance_type(machine.instance_type, ("machine", "instance_type"))

    def only_with(self, section: str, kind: str) -> Iterator[Diagnostic]:
        if (self.deployment.type or "kubernetes") != kind:
            hint = f"write `type: {kind}`, or remove it"
            yield Diagnostic(
                "setting-of-another-target",
                f"`{section}` belongs to `type: {kind}`",
                self.where(section, key=True),
                hint,
            )

    def instance_type(self, name: str, path: tuple[str | int, ...], *, gpu: bool = False) -> Iterator[Diagnostic]:
        known = instance_types()
        if name not in known:
            hint = did_you_mean(name, known) or "such as m7i.large, or g5.xlarge with a GPU"
            yield Diagnostic("unknown-instance-type", f"`{name}` is not an instance type", self.where(*path), hint)
        elif gpu and not known[name].gpus:
            able = [each.name for each in known.values() if each.gpus == 1][:6]
            yield Diagnostic(
                "unknown-instance-type",
                f"`{name}` has no GPU",
                self.where(*path),
                f"types that have one: {join_names(able)}",
            )

    def one_architecture(self, names: Iterable[str]) -> Iterator[Diagnostic]:
        known = instance_types()
        found = {known[name].architectures for name in names if name in known}
        if len(found) > 1:
            hint = "one node group runs one architecture"
            yield Diagnostic(
                "mixed-architectures",
                "the instance types have different architectures",
                self.where("cluster", "instance_types"),
                hint,
            )

    def sign_in(self, sign_in: SignIn) -> Iterator[Diagnostic]:
        kinds = ("saml-provider/", "oidc-provider/")
        yield from self.arn(sign_in.provider, ("sign_in", "provider"), "iam", kinds)
        if ":oidc-provider/" in sign_in.provider and not sign_in.audience:
            hint = "the client id that the identity provider issues tokens for: `audience: …`"
            yield Diagnostic(
                "missing-key", "an OIDC provider needs an `audience`", self.where("sign_in", "provider"), hint
            )

    def arn(self, text: str, path: tuple[str, ...], service: str, kinds: tuple[str, ...]) -> Iterator[Diagnostic]:
        """Check that an ARN names such a thing, in the account and the partition of the deployment."""
        found = _ARN.fullmatch(text)
        example = f"arn:{self.region.partition if self.region else 'aws'}:{service}::<account>:{kinds[0]}<name>"
        if not found or found[2] != service or not found[5].startswith(kinds):
            yield Diagnostic(
                "invalid-arn", f"`{text}` is not a valid ARN here", self.where(*path), f"such as {example}"
            )
        elif self.region and found[1] != self.region.partition:
            message = (
                f"`{text}` is in the partition `{found[1]}`, and `{self.region.name}` in `{self.region.partition}`"
            )
            yield Diagnostic("invalid-arn", message, self.where(*path), f"such as {example}")
        elif self.provider.account_id and found[4] not in {self.provider.account_id, "aws"}:
            message = f"`{text}` belongs to another account than `{self.provider.account_id}`"
            yield Diagnostic("invalid-arn", message, self.where(*path), f"such as {example}")

    def domain(self) -> Iterator[Diagnostic]:
        domain = self.deployment.domain
        if domain and not _DOMAIN.fullmatch(domain.name):
            yield Diagnostic(
                "invalid-domain",
                f"`{domain.name}` is not a domain name",
                self.where("domain", "name"),
                "such as ml.example.org",
            )

    def log_days(self) -> Iterator[Diagnostic]:
        days = self.deployment.log_days
        if days is not None and days not in LOG_DAYS:
            nearest = min(LOG_DAYS, key=lambda each: abs(each - days))
            message = f"CloudWatch cannot keep logs for {days} days"
            yield Diagnostic(
                "invalid-log-days", message, self.where("log_days"), f"the nearest allowed value is {nearest}"
            )

    def tags(self) -> Iterator[Diagnostic]:
        for key, value in (self.deployment.tags or {}).items():
            if (
                key.lower().startswith(("aws:", "platinfra:"))
                or not 0 < len(key) <= _TAG_KEY
                or len(value) > _TAG_VALUE
            ):
                hint = f"keys have 1 to {_TAG_KEY} characters and begin with neither `aws:` nor `platinfra:`; values have at most {_TAG_VALUE}"
                yield Diagnostic("invalid-tag", f"`{key}` is not a valid tag", self.where("tags", key), hint)


def aws_problems(
    provider: Provider, deployment: Deployment, where: Where, region_place: Span | None
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a deployment on AWS."""
    if provider.region is not None and provider.region not in regions():
        hint = did_you_mean(provider.region, regions()) or "such as eu-central-1"
        yield Diagnostic("unknown-region", f"`{provider.region}` is not an AWS region", region_place, hint)
    yield from _Checks(provider, deployment, where).all()


def _range(text: str) -> "IPv4Network | None":
    from ipaddress import IPv4Network, ip_network  # start-up time

    try:
        found = ip_network(text)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
