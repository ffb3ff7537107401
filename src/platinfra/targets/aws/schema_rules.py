"""Rules of a stack on AWS that no schema can say; all of them are checked offline."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names
from platinfra.facts.aws import DEFAULT_REGION, Region, eks, instance_types, is_near, regions
from platinfra.sections.route_rules import route_problems
from platinfra.sections.section import Destination
from platinfra.targets.aws.domain_rules import domain_problems
from platinfra.targets.aws.schema import AwsDeployment, AwsProvider, Ec2Machine, EksCluster, Network, SignIn

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
_TAG_KEY, _TAG_VALUE = 128, 256
_PLACEHOLDER = re.compile(r"x{3,}|<.*>|your[-_ ].*|change[-_ ]?me|0{12}|123456789012", re.IGNORECASE)
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class _Checks:
    provider: AwsProvider
    deployment: AwsDeployment
    where: Where

    @property
    def region(self) -> Region | None:
        return regions().get(self.provider.region or DEFAULT_REGION)

    def all(self) -> Iterator[Diagnostic]:
        if self.deployment.network:
            yield from self.network(self.deployment.network)
        if self.deployment.cluster:
            yield from self.cluster(self.deployment.cluster)
        if (self.deployment.type or "kubernetes") == "kubernetes":
            yield from self.support(self.deployment.cluster or EksCluster.model_construct())
        if self.deployment.machine:
            yield from self.machine(self.deployment.machine)
        if self.deployment.routes:
            yield from self.only_with("routes", "kubernetes")
        if self.deployment.sign_in:
            yield from self.sign_in(self.deployment.sign_in)
        if self.deployment.permissions_boundary is not None:
            yield from self.arn(self.deployment.permissions_boundary, ("permissions_boundary",), "iam", ("policy/",))
        yield from domain_problems(self.deployment, self.diagnose)
        yield from self.log_days()
        yield from self.tags()

    def diagnose(self, code: str, message: str, hint: str, *path: str | int, key: bool = False) -> Diagnostic:
        """Return what is wrong at a place of the deployment."""
        return Diagnostic(code, message, self.where(*path, key=key), hint)

    def network(self, network: Network) -> Iterator[Diagnostic]:
        if network.vpc_id is not None:
            yield from self.existing(network)
            return
        for key in ("private_subnets", "database_subnets", "public_subnets"):
            if getattr(network, key):
                message = f"`{key.replace('_', '-')}` belong to an existing VPC"
                yield self.diagnose("missing-key", message, "name their VPC too: `vpc-id: vpc-…`", "network", key)
        yield from self.cidr(network.cidr)
        yield from self.zones(network.zones)

    def existing(self, network: Network) -> Iterator[Diagnostic]:
        """Check what is named of an existing VPC: its subnets have to span two zones, and only AWS knows which."""
        for key, minimum in (("private_subnets", MIN_ZONES), ("database_subnets", 0), ("public_subnets", 0)):
            subnets: list[str] = getattr(network, key)
            if len(set(subnets)) < max(minimum, MIN_ZONES if subnets else 0):
                name = key.replace("_", "-")
                message = f"an existing VPC needs {MIN_ZONES} `{name}` in different zones; {len(set(subnets))} given"
                hint = f"write `{name}: [subnet-…, subnet-…]`"
                yield self.diagnose("too-few-subnets", message, hint, "network", key)
            for index, each in enumerate(subnets):
                if not re.fullmatch(r"subnet-[0-9a-f]{8,17}", each):
                    message = f"`{each}` is not a subnet id"
                    yield self.diagnose("invalid-id", message, "subnet-…", "network", key, index)
        if self.deployment.type == "cloud_vm" and "cidr" not in network.model_fields_set:
            message = "the machine needs the `cidr` of the VPC"
            hint = "the machine may only connect to databases inside this range: `cidr: …`"
            yield self.diagnose("missing-key", message, hint, "network", "vpc_id")
        if not re.fullmatch(r"vpc-[0-9a-f]{8,17}", network.vpc_id or ""):
            yield self.diagnose("invalid-id", f"`{network.vpc_id}` is not a VPC id", "vpc-…", "network", "vpc_id")

    def cidr(self, text: str) -> Iterator[Diagnostic]:
        from ipaddress import ip_network  # start-up time

        found, hint = _range(text), "such as 10.20.0.0/16"
        if found is None:
            message, hint = f"`{text}` is not a range of IPv4 addresses", _without_host_bits(text) or hint
        elif found.prefixlen > _NARROWEST:
            message = f"`{text}` is too small: {found.num_addresses} addresses for all subnets and pods"
            hint = f"between /{_WIDEST} and /{_NARROWEST}, {hint}"
        elif found.prefixlen < _WIDEST:
            message, hint = f"`{text}` is larger than a VPC can be", f"/{_WIDEST} or smaller"
        elif not found.is_private:
            message, hint = f"`{text}` contains public addresses", f"take a private range, {hint}"
        elif found.overlaps(ip_network(_DOCKER)):
            message = f"`{text}` overlaps {_DOCKER}, the container bridge of every machine"
            hint = f"take another private range, {hint}"
        else:
            return
        yield self.diagnose("invalid-cidr", message, hint, "network", "cidr")

    def zones(self, zones: list[str]) -> Iterator[Diagnostic]:
        region = self.region
        if not zones or region is None:
            return
        known = f"zones of {region.name}: {join_names(region.zones)}"
        for index, zone in enumerate(zones):
            if zone not in region.zones:
                message, hint = f"`{zone}` is not a zone of `{region.name}`", did_you_mean(zone, region.zones) or known
                yield self.diagnose("unknown-zone", message, hint, "network", "zones", index)
        if len(set(zones)) < max(MIN_ZONES, len(zones)):
            message = f"a network needs at least {MIN_ZONES} different zones"
            yield self.diagnose("too-few-zones", message, known, "network", "zones")

    def cluster(self, cluster: EksCluster) -> Iterator[Diagnostic]:
        yield from self.only_with("cluster", "kubernetes")
        found = re.fullmatch(r"(\d+)\.(\d+)", cluster.version)
        if not found or (int(found[1]), int(found[2])) < _OLDEST_CLUSTER:
            message = f"`{cluster.version}` is not a Kubernetes version that platinfra supports on EKS"
            hint = f"{'.'.join(map(str, _OLDEST_CLUSTER))} or newer"
            yield self.diagnose("unsupported-version", message, hint, "cluster", "version")
        for index, each in enumerate(cluster.instance_types):
            yield from self.instance_type(each, ("cluster", "instance_types", index))
        yield from self.one_architecture(cluster.instance_types)
        if cluster.gpu:
            yield from self.instance_type(cluster.gpu.instance_type, ("cluster", "gpu", "instance_type"), gpu=True)
        if cluster.min > cluster.max:
            hint = f"write `max: {cluster.min}` or more"
            yield self.diagnose("out-of-range", "`max` is smaller than `min`", hint, "cluster", "max")
        for index, each in enumerate(cluster.public_access):
            if _range(each) is None:
                message = f"`{each}` is not a range of IPv4 addresses"
                hint = _without_host_bits(each) or "such as 203.0.113.7/32"
                yield self.diagnose("invalid-cidr", message, hint, "cluster", "public_access", index)
        yield from self.of_new_cluster(cluster)
        yield from self.auto_mode(cluster)
        yield from self.existing_cluster(cluster)

    def support(self, cluster: EksCluster) -> Iterator[Diagnostic]:
        """Yield a warning when a version leaves standard support soon, or did: AWS then upgrades the cluster itself."""
        ends = eks().support_ends.get(cluster.version)
        if cluster.name is not None or ends is None or not is_near(ends):
            return
        message = (
            f"EKS ends the standard support of Kubernetes {cluster.version} on {ends}, and upgrades the cluster then"
        )
        hint = "raise `version` by one minor version; an own cluster takes about half an hour for each"
        place = self.where("cluster", "version")
        yield Diagnostic("support-ends", message, place, hint, "warning")

    def of_new_cluster(self, cluster: EksCluster) -> Iterator[Diagnostic]:
        """Check who may reach and use a new cluster; an existing one has its own rules."""
        for index, each in enumerate(cluster.private_access):
            if _range(each) is None and not re.fullmatch(r"sg-[0-9a-f]{8,17}", each):
                message = f"`{each}` is neither a range of IPv4 addresses nor a security group"
                hint = "such as 10.8.0.0/16 or sg-0a1b2c3d"
                yield self.diagnose("invalid-cidr", message, hint, "cluster", "private_access", index)
        if cluster.private_access and cluster.name is not None:
            message = "`private-access` is for a new cluster; an existing one has its own rules"
            yield self.diagnose(
                "setting-of-another-target", message, "remove it", "cluster", "private_access", key=True
            )
        for arn in cluster.access:
            yield from self.arn(arn, ("cluster", "access", arn), "iam", ("role/",))
        if cluster.access and cluster.name is not None:
            message = "`access` is for a new cluster; an existing one has its own access entries"
            yield self.diagnose("setting-of-another-target", message, "remove it", "cluster", "access", key=True)
        if cluster.shared_files and cluster.name is not None:
            message = "`shared-files` is for a new cluster; an existing one has its own driver and classes"
            hint = "remove it, and name one of its classes where files are to be shared"
            yield self.diagnose("setting-of-another-target", message, hint, "cluster", "shared_files", key=True)

    def auto_mode(self, cluster: EksCluster) -> Iterator[Diagnostic]:
        """Refuse settings of the group of core nodes where there is none."""
        for key in ("instance_types", "min", "max", "disk", "spot") if cluster.is_auto else ():
            if key in cluster.model_fields_set:
                message = f"`{key.replace('_', '-')}` is about the core nodes, and `autoscaler: auto-mode` has none"
                hint = "remove it: EKS chooses the nodes"
                yield self.diagnose("setting-of-another-target", message, hint, "cluster", key, key=True)

    def existing_cluster(self, cluster: EksCluster) -> Iterator[Diagnostic]:
        if cluster.name is None:
            return
        network = self.deployment.network
        if not network or not network.vpc_id:
            hint = "name its network: `network: {vpc-id: vpc-…, private-subnets: […]}`"
            message = "an existing cluster needs an existing VPC"
            yield self.diagnose("missing-key", message, hint, "cluster", "name")
        if not cluster.security_group:
            hint = "databases allow connections from it: `security-group: sg-…`"
            message = "an existing cluster needs its `security-group`"
            yield self.diagnose("missing-key", message, hint, "cluster", "name")

    def machine(self, machine: Ec2Machine) -> Iterator[Diagnostic]:
        yield from self.only_with("machine", "cloud_vm")
        yield from self.instance_type(machine.instance_type, ("machine", "instance_type"))

    def only_with(self, section: str, kind: str) -> Iterator[Diagnostic]:
        if (self.deployment.type or "kubernetes") != kind:
            message, hint = f"`{section}` belongs to `type: {kind}`", f"write `type: {kind}`, or remove it"
            yield self.diagnose("setting-of-another-target", message, hint, section, key=True)

    def instance_type(self, name: str, path: tuple[str | int, ...], *, gpu: bool = False) -> Iterator[Diagnostic]:
        known = instance_types()
        if name not in known:
            hint = did_you_mean(name, known) or "such as m7i.large, or g5.xlarge with a GPU"
            yield self.diagnose("unknown-instance-type", f"`{name}` is not an instance type", hint, *path)
        elif gpu and not known[name].gpus:
            able = [each.name for each in known.values() if each.gpus == 1][:6]
            hint = f"types that have one: {join_names(able)}"
            yield self.diagnose("unknown-instance-type", f"`{name}` has no GPU", hint, *path)

    def one_architecture(self, names: Iterable[str]) -> Iterator[Diagnostic]:
        known = instance_types()
        if len({known[name].architectures for name in names if name in known}) > 1:
            message, hint = "the instance types have different architectures", "one node group runs one architecture"
            yield self.diagnose("mixed-architectures", message, hint, "cluster", "instance_types")

    def sign_in(self, sign_in: SignIn) -> Iterator[Diagnostic]:
        kinds = ("saml-provider/", "oidc-provider/")
        yield from self.arn(sign_in.provider, ("sign_in", "provider"), "iam", kinds)
        if ":oidc-provider/" in sign_in.provider and not sign_in.audience:
            hint = "the client id that the identity provider issues tokens for: `audience: …`"
            yield self.diagnose("missing-key", "an OIDC provider needs an `audience`", hint, "sign_in", "provider")

    def arn(self, text: str, path: tuple[str, ...], service: str, kinds: tuple[str, ...]) -> Iterator[Diagnostic]:
        """Check that an ARN names such a thing, in the account and the partition of the deployment."""
        found = _ARN.fullmatch(text)
        if not found or found[2] != service or not found[5].startswith(kinds):
            message = f"`{text}` is not a valid ARN here"
        elif self.region and found[1] != self.region.partition:
            here = f"`{self.region.name}` in `{self.region.partition}`"
            message = f"`{text}` is in the partition `{found[1]}`, and {here}"
        elif self.provider.account_id and found[4] not in {self.provider.account_id, "aws"}:
            message = f"`{text}` belongs to another account than `{self.provider.account_id}`"
        else:
            return
        partition = self.region.partition if self.region else "aws"
        yield self.diagnose(
            "invalid-arn", message, f"such as arn:{partition}:{service}::<account>:{kinds[0]}<name>", *path
        )

    def log_days(self) -> Iterator[Diagnostic]:
        days = self.deployment.log_days
        if days is not None and days not in LOG_DAYS:
            nearest = min(LOG_DAYS, key=lambda each: abs(each - days))
            message, hint = f"CloudWatch cannot keep logs for {days} days", f"the nearest allowed value is {nearest}"
            yield self.diagnose("invalid-log-days", message, hint, "log_days")

    def tags(self) -> Iterator[Diagnostic]:
        for key, value in (self.deployment.tags or {}).items():
            reserved = key.lower().startswith(("aws:", "platinfra:"))
            if reserved or not 0 < len(key) <= _TAG_KEY or len(value) > _TAG_VALUE:
                hint = f"keys have 1 to {_TAG_KEY} characters and begin with neither `aws:` nor `platinfra:`; values have at most {_TAG_VALUE}"
                yield self.diagnose("invalid-tag", f"`{key}` is not a valid tag", hint, "tags", key)


def problems(destination: Destination) -> Iterator[Diagnostic]:
    """Yield what is wrong with a stack on AWS, and warnings for placeholders."""
    provider, deployment = destination.provider, destination.deployment
    assert isinstance(provider, AwsProvider)
    assert isinstance(deployment, AwsDeployment)
    yield from _account_problems(provider.account_id, destination.where("provider", "account_id"))
    if provider.region is not None and provider.region not in regions():
        hint = did_you_mean(provider.region, regions()) or "such as eu-central-1"
        place = destination.where("provider", "region")
        yield Diagnostic("unknown-region", f"`{provider.region}` is not an AWS region", place, hint)
    if destination.users and not deployment.sign_in:
        hint = "name the account's SAML or OIDC provider: `deployment: {sign-in: {provider: arn:…}}`"
        yield Diagnostic("users-without-sign-in", "`users` cannot sign in to AWS", destination.users, hint)
    where = partial(destination.where, "deployment")
    if deployment.routes is not None:
        yield from route_problems(deployment.routes, partial(where, "routes"), schemes=True)
    yield from _Checks(provider, deployment, where).all()


def _account_problems(account: str | None, place: Span | None) -> Iterator[Diagnostic]:
    if account is None:
        return
    if _PLACEHOLDER.fullmatch(account):
        hint = "write the 12 digits of your AWS account before `up`"
        yield Diagnostic("placeholder", f"the account id `{account}` is a placeholder", place, hint, "warning")
    elif not _ACCOUNT.fullmatch(account):
        hint = "it has 12 digits; write them in quotes so that YAML leaves them alone"
        yield Diagnostic("invalid-account", f"`{account}` is not an AWS account id", place, hint)


def _without_host_bits(text: str) -> str | None:
    """Return what to write for an address inside a range, or the range around it; None for anything else."""
    from ipaddress import IPv4Interface  # start-up time

    try:
        found = IPv4Interface(text)
    except ValueError:
        return None
    return (
        f"{found.ip} lies inside a range: write {found.ip}/32 for that address alone, or {found.network} for the range"
    )


def _range(text: str) -> "IPv4Network | None":
    from ipaddress import IPv4Network, ip_network  # start-up time

    try:
        found = ip_network(text)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None
