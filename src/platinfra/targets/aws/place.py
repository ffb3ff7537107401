"""Where on AWS a stack lies: account, region, network, and how everything there is called."""

import re
from dataclasses import dataclass

from platinfra.facts.aws import DEFAULT_REGION, Region, regions
from platinfra.resolve.resolve import Resolved
from platinfra.sections.section import User
from platinfra.targets.aws.schema import AwsDeployment, AwsProvider, Ec2Machine, EksCluster, Network
from platinfra.targets.kubernetes.place import digest, prefix

MAX_NAME = 50
"""Characters; a bucket adds a dash and the account (63 at most), a role its kind (64 at most)."""
UNKNOWN_ACCOUNT = "000000000000"
"""Stands for an account that the file leaves open: plans and documents stay readable, `up` refuses."""
_ZONES = 3


@dataclass(frozen=True, slots=True)
class AwsPlace:
    """Everything about the account, the region and the deployment that a plan has to know."""

    stack: str
    environment: str
    account: str
    region: Region
    deployment: AwsDeployment
    users: tuple[User, ...] = ()
    running_version: str | None = None
    """Kubernetes version of the stack's own cluster, where it was asked and is newer than the file's: EKS takes none back."""

    @property
    def kind(self) -> str:
        """Return `kubernetes` or `cloud_vm`."""
        return self.deployment.type or "kubernetes"

    @property
    def prefix(self) -> str:
        """Return what every name begins with: the stack, and its environment unless it is the default one."""
        return prefix(self.stack, self.environment)

    @property
    def namespace(self) -> str:
        """Return the Kubernetes namespace of the stack, which is also the name of its cluster."""
        return self.name()

    @property
    def cluster_name(self) -> str:
        """Return the name of the cluster, made or existing."""
        return self.cluster.name or self.name()

    @property
    def network(self) -> Network:
        """Return the settings of the network."""
        return self.deployment.network or Network.model_construct()

    @property
    def cluster(self) -> EksCluster:
        """Return the settings of the cluster."""
        return self.deployment.cluster or EksCluster.model_construct()

    @property
    def machine(self) -> Ec2Machine:
        """Return the settings of the virtual machine."""
        return self.deployment.machine or Ec2Machine.model_construct()

    @property
    def kubernetes_version(self) -> str:
        """Return the version of the cluster."""
        return self.running_version or self.cluster.version

    @property
    def zone_count(self) -> int:
        """Return over how many availability zones the network spreads."""
        return len(self.network.zones) or min(_ZONES, len(self.region.zones))

    @property
    def log_days(self) -> int:
        """Return for how many days logs are kept."""
        return self.deployment.log_days or 30

    def name(self, *parts: str, limit: int = MAX_NAME) -> str:
        """Return a physical name: predictable, unique to the stack's environment, never too long."""
        whole = "-".join((self.prefix, *parts))
        if len(whole) <= limit:
            return whole
        return f"{whole[: limit - 7].rstrip('-')}-{digest(whole, length=6)}"

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """Return an ARN of this partition."""
        where = self.region.name if region is None else region
        who = self.account if account is None else account
        return f"arn:{self.region.partition}:{service}:{where}:{who}:{resource}"

    def role_arn(self, name: str) -> str:
        """Return the ARN of a role of this account."""
        return self.arn("iam", f"role/{name}", region="")

    def tags(self, component: str | None = None) -> dict[str, str]:
        """Return the tags of a resource: stack, environment, component, and the file's own."""
        own = {"platinfra:stack": self.stack, "platinfra:environment": self.environment}
        of_component = {"platinfra:component": component} if component else {}
        return {**(self.deployment.tags or {}), **own, **of_component}


def place_of(resolved: Resolved) -> AwsPlace:
    """Return the place of a stack on AWS; raise PlatinfraError when components do not work there."""
    graph, provider, deployment = resolved.graph, resolved.provider, resolved.deployment
    assert isinstance(provider, AwsProvider)
    assert isinstance(deployment, AwsDeployment)
    account = provider.account_id or UNKNOWN_ACCOUNT
    return AwsPlace(
        stack=graph.stack,
        environment=graph.environment,
        account=account if re.fullmatch(r"\d{12}", account) else UNKNOWN_ACCOUNT,
        region=regions()[provider.region or DEFAULT_REGION],
        deployment=deployment,
        users=resolved.users,
    )
