"""Network, cluster and machine: what every stack on AWS stands on, with the roles that AWS' own services need."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from platinfra.facts.aws import eks, instance_types
from platinfra.facts.table import beside
from platinfra.model.reference import Reference
from platinfra.targets.aws import cluster_autoscaler, controllers, documents, karpenter, labels, machine
from platinfra.targets.aws.autoscalers import AUTOSCALERS
from platinfra.targets.aws.facts import MAIN, AwsValues
from platinfra.targets.aws.place import AwsPlace
from platinfra.targets.aws.roles import MACHINE, Role
from platinfra.targets.aws.schema import EksCluster

_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
"""Public parameter that holds the newest Amazon Linux 2023 image."""
_CSI = {"namespace": "kube-system", "service_account": "ebs-csi-controller-sa"}
_CNI = {"namespace": "kube-system", "service_account": "aws-node"}
_EFS = {"namespace": "kube-system", "service_account": "efs-csi-controller-sa"}
_PULL = "AmazonEC2ContainerRegistryPullOnly"
_CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", _PULL)
_AUTO_CLUSTER_POLICIES = (
    *_CLUSTER_POLICIES,
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""Source: EKS user guide, "Learn about identity and access in EKS Auto Mode"."""
_AUTO_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", _PULL)
REASONS: Mapping[str, str] = {
    **karpenter.REASONS,
    **cluster_autoscaler.REASONS,
    **controllers.REASONS,
    "FindLogGroup": "flow logs look for their group among all of them, which cannot be scoped",
}
"""Statements whose resource has to be `*`, and why."""
Modules = dict[str, dict[str, Any]]


def modules(values: AwsValues) -> Modules:
    """Return the module calls of network and cluster or machine; what exists already is not called."""
    place = values.facts.place
    made: Modules = {} if place.network.vpc_id else {"network": _network(values)}
    if place.kind == "cloud_vm":
        made["machine"] = _machine(values)
        made["release"] = machine.release(values, key_arn(values))
    elif not place.cluster.name:
        made["cluster"] = _cluster(values)
        if place.cluster.shared_files:
            made["files"] = _files(values)
    if place.deployment.domain:
        domain = place.deployment.domain
        own = {"name": place.name("domain"), "domain": domain.name, "zone_id": domain.zone_id, "tags": place.tags()}
        made["domain"] = {"source": "./modules/domain", **own}
    return made


def roles(values: AwsValues) -> Iterator[Role]:
    """Yield the roles that the network, the cluster or the machine need."""
    place = values.facts.place
    if not place.network.vpc_id and place.network.flow_logs == "cloudwatch":
        yield _flow_log_role(place)
    if place.kind == "cloud_vm":
        yield _machine_role(values)
    elif not place.cluster.name:
        yield from _cluster_roles(values)


def _cluster_roles(values: AwsValues) -> Iterator[Role]:
    """Yield the roles of a new cluster: its own, those of its nodes and add-ons, and those of its controllers."""
    place = values.facts.place
    auto = place.cluster.is_auto
    of_cluster, of_nodes = (
        (_AUTO_CLUSTER_POLICIES, _AUTO_NODE_POLICIES) if auto else (_CLUSTER_POLICIES, _NODE_POLICIES)
    )
    yield _role(place, "cluster", documents.service_trust(place, "eks.amazonaws.com", tags=auto), managed=of_cluster)
    machines = documents.plain_service_trust(f"ec2.{place.region.domain}")
    yield _role(place, karpenter.NODES, machines, managed=of_nodes)
    if place.cluster.shared_files:
        files = documents.pod_trust(place, place.cluster_name, **_EFS)
        yield _role(place, "cluster-files", files, managed=("service-role/AmazonEFSCSIDriverPolicy",))
    for each in controllers.controllers(values):
        name = each.capability.replace("_", "-")
        yield _controller(place, each.role, each.pod, {name: controllers.policy(each, values)})
    if auto:
        return
    interfaces = documents.pod_trust(place, place.cluster_name, **_CNI)
    yield _role(place, "cluster-network", interfaces, managed=("AmazonEKS_CNI_Policy",))
    disks = documents.pod_trust(place, place.cluster_name, **_CSI)
    yield _role(place, "cluster-disks", disks, managed=("service-role/AmazonEBSCSIDriverPolicy",))
    scaler = AUTOSCALERS[place.cluster.autoscaler]
    yield _controller(place, scaler.role, scaler.pod, {scaler.name: scaler.policy(place)})


def _controller(place: AwsPlace, name: str, pod: dict[str, str], further: dict[str, dict[str, Any]]) -> Role:
    """Return the role of a controller of the new cluster."""
    trust = documents.pod_trust(place, place.cluster_name, **pod)
    role = _role(place, name, trust, further=further)
    return replace(role, pod={"cluster_name": Reference(("module", "cluster", "name")), **pod})


def key_arn(values: AwsValues) -> Any:
    """Return the ARN of the stack's key; None when nothing in the stack needs one."""
    for component in values.graph.components.values():
        if "encryption_key" in values.tool(component).provides:
            return values.value("${outputs.arn}", component)
    return None


def role_arn(name: str) -> Reference:
    """Return the ARN of a role of the platform, as a reference that orders the two."""
    return Reference(("module", labels.platform_role(name), "role_arn"))


def _network(values: AwsValues) -> dict[str, Any]:
    place = values.facts.place
    network = place.network
    return {
        "source": "./modules/network",
        "name": place.name(),
        "tags": place.tags(),
        "region": place.region.name,
        "cidr": network.cidr,
        # The account says which there are: letters mean other zones in other accounts, and EKS has none in some.
        "zones": place.network.zones,
        "zone_count": place.zone_count,
        "unsupported_zone_ids": list(eks().unsupported_zones.get(place.region.name, ())),
        "nat": network.nat,
        "flow_logs": network.flow_logs,
        "flow_log_role_arn": role_arn("network-logs") if network.flow_logs == "cloudwatch" else None,
        "flow_log_bucket": f"{place.name('flow-logs')}-{place.account}" if network.flow_logs == "s3" else None,
        "log_days": place.log_days,
        "key_arn": key_arn(values),
        "interface_endpoints": network.endpoints,
        "cluster_name": place.cluster_name if place.kind == "kubernetes" else None,
    }


def _cluster(values: AwsValues) -> dict[str, Any]:
    place, cluster = values.facts.place, values.facts.place.cluster
    known = instance_types()
    arm = all("arm64" in known[name].architectures for name in cluster.instance_types)
    return {
        "source": "./modules/cluster",
        "name": place.cluster_name,
        "tags": place.tags(),
        "kubernetes_version": place.kubernetes_version,
        "vpc_id": values.facts.platform["network.vpc_id"],
        "subnet_ids": values.facts.platform["network.private_subnet_ids"],
        "key_arn": key_arn(values),
        "cluster_role_arn": role_arn("cluster"),
        "node_role_arn": role_arn("cluster-nodes"),
        "public_access_cidrs": cluster.public_access,
        "private_access": cluster.private_access,
        "instance_types": cluster.instance_types,
        "architecture": "arm64" if arm else "x86_64",
        "node_min": cluster.min,
        "node_desired": cluster.min,
        "node_max": cluster.max,
        "node_disk_gb": cluster.disk,
        "capacity_type": "SPOT" if cluster.spot else "ON_DEMAND",
        **({"auto_mode": True} if cluster.is_auto else {}),
        **_gpu_group(cluster),
        "addons": _addons(cluster),
        "access_entries": _access_entries(place),
        "karpenter": {"queue_name": place.name(karpenter.QUEUE)} if cluster.autoscaler == "karpenter" else None,
        "log_types": cluster.logs,
        "log_days": place.log_days,
    }


def _files(values: AwsValues) -> dict[str, Any]:
    place = values.facts.place
    return {
        "source": "./modules/files",
        "name": place.name("files"),
        "tags": place.tags("files"),
        "vpc_id": values.facts.platform["network.vpc_id"],
        "subnet_ids": values.facts.platform["network.private_subnet_ids"],
        "subnet_count": len(place.network.private_subnets) or place.zone_count,
        "security_group_id": values.facts.platform["place.security_group_id"],
        "key_arn": key_arn(values),
    }


def _gpu_group(cluster: EksCluster) -> dict[str, Any]:
    """Return the group of GPU nodes that Cluster Autoscaler makes larger; the others choose types of nodes themselves."""
    gpu = cluster.gpu
    if gpu is None or cluster.autoscaler != "cluster-autoscaler":
        return {}
    architecture = instance_types()[gpu.instance_type].architectures[0]
    return {"gpu": {"instance_type": gpu.instance_type, "architecture": architecture, "max": gpu.max}}


def _addons(cluster: EksCluster) -> dict[str, Any]:
    """Return the add-ons of a new cluster; EKS Auto Mode has most of them already."""
    efs = {"role_arn": role_arn("cluster-files"), "service_account": _EFS["service_account"]}
    shared = {"aws-efs-csi-driver": efs} if cluster.shared_files else {}
    if cluster.is_auto:
        return {"metrics-server": {}, **shared}
    plain = ("coredns", "kube-proxy", "eks-pod-identity-agent", "metrics-server")
    return {
        **{name: {} for name in plain},
        **shared,
        "vpc-cni": {
            "configuration": '{"enableNetworkPolicy":"true"}',
            "role_arn": role_arn("cluster-network"),
            "service_account": _CNI["service_account"],
        },
        "aws-ebs-csi-driver": {"role_arn": role_arn("cluster-disks"), "service_account": _CSI["service_account"]},
    }


def _access_entries(place: AwsPlace) -> dict[str, Any]:
    """Return who may use the cluster: roles made for people, and existing ones, whose paths belong to their ARNs here."""
    own = {role: Reference(("module", labels.access(role), "role_arn")) for role in (user.role for user in place.users)}
    return {
        **{role: _access_entry(place, role, arn) for role, arn in own.items()},
        **{arn: _access_entry(place, role, arn) for arn, role in place.cluster.access.items()},
    }


def _access_entry(place: AwsPlace, role: str, principal: str | Reference) -> dict[str, Any]:
    known = beside(__file__)["access"][role]
    return {
        "principal_arn": principal,
        "policy": known["policy"],
        "scope_namespaces": [place.namespace] if known.get("scoped") else [],
    }


def _machine(values: AwsValues) -> dict[str, Any]:
    place, settings = values.facts.place, values.facts.place.machine
    architecture = instance_types()[settings.instance_type].architectures[0]
    return {
        "source": "./modules/machine",
        "name": place.name("machine"),
        "tags": place.tags(),
        "vpc_id": values.facts.platform["network.vpc_id"],
        "subnet_id": (Reference(("module", "network", "private_subnet_ids[0]")),)
        if not place.network.vpc_id
        else place.network.private_subnets[0],
        "cidr": place.network.cidr,
        "key_arn": key_arn(values),
        "instance_type": settings.instance_type,
        "image_parameter": _IMAGE.format(architecture=architecture),
        "data_gb": settings.disk,
        "instance_profile_name": Reference(("module", labels.platform_role(MACHINE), "instance_profile_name")),
        "user_data": machine.user_data(values),
        "on_destroy": Reference(("var", "on_destroy")),
    }


def _flow_log_role(place: AwsPlace) -> Role:
    group = place.arn("logs", f"log-group:/platinfra/{place.name()}/flow-logs")
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    allowed = documents.statement("WriteFlowLogs", actions, [group, f"{group}:log-stream:*"])
    found = documents.statement("FindLogGroup", ["logs:DescribeLogGroups"], ["*"])
    trust = documents.service_trust(place, "vpc-flow-logs.amazonaws.com", place.arn("ec2", "vpc-flow-log/*"))
    return _role(place, "network-logs", trust, further={"flow-logs": documents.policy([allowed, found])})


def _machine_role(values: AwsValues) -> Role:
    place = values.facts.place
    trust = documents.plain_service_trust(f"ec2.{place.region.domain}")
    further = {"machine": machine.policy(values), "machine-by-id": machine.policy_by_id(values, key_arn(values))}
    role = _role(place, MACHINE, trust, managed=("AmazonSSMManagedInstanceCore",), further=further)
    return replace(role, instance_profile=True)


def _role(
    place: AwsPlace,
    name: str,
    trust: dict[str, Any],
    *,
    managed: tuple[str, ...] = (),
    further: dict[str, dict[str, Any]] | None = None,
) -> Role:
    return Role(
        component=name.partition("-")[0],
        key=MAIN,
        label=labels.platform_role(name),
        name=place.name(name, limit=64),
        description=f"{name} of {place.prefix}",
        trust=trust,
        managed=managed,
        further=further or {},
    )
