"""What a stack file may say of AWS; everything has a default."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from platinfra.sections.cluster import ClusterDeployment
from platinfra.sections.section import CANONICAL, Provider, Role, Section


class Network(Section):
    """The network: a new one, or an existing one by its ids."""

    cidr: str = Field("10.0.0.0/16", description="Address range of the network; a new one is /16 to /20.")
    zones: list[str] = Field(
        default=[], description="Availability zones; absent, the account's first three in which EKS runs."
    )
    nat: Literal["one", "per_zone"] = Field("one", description="NAT gateways: one, or one in each zone.")
    flow_logs: Literal["s3", "cloudwatch", "none"] = Field(
        "s3", description="Where flow logs are kept: `s3` costs least, `cloudwatch` can be searched; or `none`."
    )
    endpoints: list[str] = Field(
        default=[], description="Interface endpoints, such as ecr.api: traffic that then stays inside AWS."
    )
    vpc_id: str | None = Field(None, description="An existing VPC to use instead.")
    private_subnets: list[str] = Field(default=[], description="Its private subnets, in two zones or more.")
    database_subnets: list[str] = Field(default=[], description="Its subnets for databases; the private ones.")
    public_subnets: list[str] = Field(default=[], description="Its public subnets.")

    @field_validator("flow_logs", mode="before")
    @classmethod
    def _where_they_were(cls, value: object) -> object:
        """Understand earlier files, which only said whether."""
        return ("cloudwatch" if value else "none") if isinstance(value, bool) else value


class Gpu(Section):
    """A pool of GPU nodes that starts empty."""

    instance_type: str = Field(description="A type with GPUs, such as g5.xlarge.")
    max: int = Field(1, ge=1, le=100, description="The most nodes.")


class EksCluster(Section):
    """The EKS cluster: a new one, or an existing one by its name."""

    version: str = Field(
        "1.35", description="Kubernetes version, 1.34 or newer; a cluster that AWS upgraded meanwhile stays newer."
    )
    instance_types: list[str] = Field(default=["m7i.large"], description="Types of the core nodes.")
    min: int = Field(2, ge=1, le=100, description="The fewest core nodes.")
    max: int = Field(
        4,
        ge=1,
        le=100,
        description="The most core nodes: Cluster Autoscaler goes up to it; Karpenter adds nodes beside them.",
    )
    disk: int = Field(100, ge=20, le=16000, description="GiB of each node's disk.")
    spot: bool = Field(False, description="Whether the core nodes are spot instances.")  # noqa: FBT003
    gpu: Annotated[Gpu | None, CANONICAL] = Field(None, description="A pool of GPU nodes.")
    logs: list[Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]] = Field(
        default=["audit", "authenticator"], description="Logs of the control plane that CloudWatch keeps."
    )
    autoscaler: Literal["karpenter", "cluster-autoscaler", "auto-mode"] = Field(
        "karpenter",
        description="What adds nodes when pods wait: Karpenter (of the right type), Cluster Autoscaler (more of the same), or EKS Auto Mode (EKS itself).",
    )
    shared_files: bool = Field(False, description="Whether pods in all zones may share files: EFS, and a class `efs`.")  # noqa: FBT003
    public_access: list[str] = Field(
        default=[],
        description="Address ranges that may reach the API from outside; none by default, so it is private.",
    )
    private_access: list[str] = Field(
        default=[],
        description="Address ranges or security groups that may reach the private API, such as those of a VPN, a bastion or CI.",
    )
    access: dict[str, Role] = Field(
        default={},
        description="Existing IAM roles that may use the cluster, such as those of CI or of Identity Center: ARN to the role of `users`.",
    )
    name: str | None = Field(None, description="An existing cluster to use instead; it needs the Pod Identity agent.")
    security_group: str | None = Field(None, description="The existing cluster's security group.")

    @property
    def is_auto(self) -> bool:
        """Tell whether EKS Auto Mode brings the nodes of a new cluster."""
        return self.name is None and self.autoscaler == "auto-mode"


class Ec2Machine(Section):
    """The virtual machine of `cloud_vm`."""

    instance_type: str = Field("m7i.xlarge", description="Its type.")
    disk: int = Field(100, ge=20, le=16000, description="GiB of the disk for data.")


class SignIn(Section):
    """The organisation's identity provider, which lets users assume roles."""

    provider: str = Field(description="ARN of the account's SAML or OIDC provider.")
    audience: str | None = Field(None, description="OIDC: the client id that tokens are issued for.")


class Domain(Section):
    """The domain of the platform's addresses."""

    name: str = Field(description="Such as ml.example.org.")
    zone_id: str | None = Field(None, description="An existing Route 53 zone; otherwise one is created.")


class AwsProvider(Provider):
    """An account and a region of AWS."""

    account_id: str | None = Field(None, description="AWS: the 12-digit account.")
    region: str | None = Field(None, description="AWS: the region, such as eu-central-1.")


class AwsDeployment(ClusterDeployment):
    """How the platform runs on AWS."""

    network: Annotated[Network | None, CANONICAL] = Field(None, description="aws: the network.")
    cluster: Annotated[EksCluster | None, CANONICAL] = Field(None, description="aws, type kubernetes: the cluster.")
    machine: Annotated[Ec2Machine | None, CANONICAL] = Field(
        None, description="aws, type cloud_vm: the virtual machine."
    )
    sign_in: Annotated[SignIn | None, CANONICAL] = Field(
        None, description="aws: the identity provider that `users` sign in with."
    )
    domain: Annotated[Domain | None, CANONICAL] = Field(
        None, description="aws: the domain of the hosts of `routes`, and its zone."
    )
    permissions_boundary: str | None = Field(None, description="aws: ARN of the permissions boundary of every role.")
    state: Literal["s3", "local"] | None = Field(None, description="aws: where Terraform's state is kept; s3.")
    log_days: int | None = Field(None, ge=1, le=3653, description="aws: days to keep logs; 30.")
    tags: dict[str, str] | None = Field(None, description="aws: additional tags for every resource.")
    applications: Literal["up", "gitops"] | None = Field(
        None,
        description="aws: what installs applications in the cluster: `up`, or a GitOps controller with the output of `render`; up.",
    )

    @property
    def makes_cluster(self) -> bool:
        """Tell whether the cluster is a new one, in which nothing is installed yet."""
        return self.type != "cloud_vm" and not (self.cluster and self.cluster.name)

    @property
    def leads_to_pages(self) -> bool:
        """Tell whether the stack leads to its pages itself: a new cluster has hosts, and no gateway."""
        return self.makes_cluster and self.routes is not None and self.routes.elsewhere is None

    @property
    def makes_balancers(self) -> bool:
        """Tell whether the stack brings what makes load balancers; with EKS Auto Mode, EKS does."""
        return self.leads_to_pages and not (self.cluster and self.cluster.is_auto)

    @property
    def makes_records(self) -> bool:
        """Tell whether the stack brings what keeps the DNS records of its hosts."""
        return self.leads_to_pages and self.domain is not None

    @property
    def makes_issuer(self) -> bool:
        """Tell whether the stack brings the issuer that its routes name: a new cluster has none."""
        tls = self.routes.tls if self.leads_to_pages and self.routes else None
        return self.makes_records and tls is not None and tls.issuer is not None
