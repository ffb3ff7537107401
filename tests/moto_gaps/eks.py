"""EKS: what belongs to a cluster, updates, and the attributes that AWS fills in."""

import base64
import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks import urls
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.models import Cluster
from moto.eks.responses import EKSResponse

from . import body, instead_of

Content = dict[str, Any]


class Kind(NamedTuple):
    """What belongs to a cluster: `noun` as in the actions' names, `field` and `fields` as in the answers."""

    noun: str
    plural: str
    field: str
    fields: str
    key: str
    """The part of the address that names one."""
    make: Callable[[EKSResponse, str, Content], tuple[str, Content]]
    listed: Callable[[Content], object]
    updates: bool = False
    """An update is answered with an update instead of the object."""


def _part(response: EKSResponse, name: str) -> str:
    return unquote(response.uri_match.groupdict()[name])


def _arn(response: EKSResponse, tail: str) -> str:
    return f"arn:aws:eks:{response.region}:{response.current_account}:{tail}"


def _belongings(response: EKSResponse, noun: str) -> dict[str, Content]:
    """Keep them with the cluster, so that they go with it."""
    cluster = response.eks_backend.describe_cluster(name=_part(response, "name"))
    return cluster.__dict__.setdefault("belongings", {}).setdefault(noun, {})


def _get(response: EKSResponse, kind: Kind) -> tuple[dict[str, Content], str]:
    objects, key = _belongings(response, kind.noun), _part(response, kind.key)
    if key not in objects:
        raise ResourceNotFoundException(message=f"No {kind.noun} {key} in the cluster")
    return objects, key


def _update(kind: str = "ConfigUpdate") -> Content:
    done = {"id": str(uuid.uuid4()), "status": "Successful", "type": kind}
    return {**done, "params": [], "errors": [], "createdAt": utcnow()}


def _add(kind: Kind) -> None:
    def create(self: EKSResponse) -> ActionResult:
        dates = {"tags": {}, "createdAt": utcnow(), "modifiedAt": utcnow()}
        key, made = kind.make(self, _part(self, "name"), {**dates, "clusterName": _part(self, "name"), **body(self)})
        _belongings(self, kind.noun)[key] = made
        return ActionResult({kind.field: dict(made)})

    def describe(self: EKSResponse) -> ActionResult:
        objects, key = _get(self, kind)
        return ActionResult({kind.field: dict(objects[key])})

    def delete(self: EKSResponse) -> ActionResult:
        objects, key = _get(self, kind)
        return ActionResult({kind.field: objects.pop(key)})

    def update(self: EKSResponse) -> ActionResult:
        objects, key = _get(self, kind)
        objects[key].update(body(self))
        return ActionResult({"update": _update("AddonUpdate")} if kind.updates else {kind.field: dict(objects[key])})

    def list_all(self: EKSResponse) -> ActionResult:
        return ActionResult({kind.fields: [kind.listed(each) for each in _belongings(self, kind.noun).values()]})

    for verb, method in {"create": create, "describe": describe, "delete": delete, "update": update}.items():
        setattr(EKSResponse, f"{verb}_{kind.noun}", method)
    setattr(EKSResponse, f"list_{kind.plural}", list_all)


def _addon(response: EKSResponse, cluster: str, sent: Content) -> tuple[str, Content]:
    name = sent["addonName"]
    arn = _arn(response, f"addon/{cluster}/{name}/{uuid.uuid4()}")
    return name, {
        "addonVersion": "v1.0.0-eksbuild.1",
        "health": {"issues": []},
        **sent,
        "status": "ACTIVE",
        "addonArn": arn,
    }


def _association(response: EKSResponse, cluster: str, sent: Content) -> tuple[str, Content]:
    key = f"a-{uuid.uuid4().hex[:17]}"
    arn = _arn(response, f"podidentityassociation/{cluster}/{key}")
    return key, {**sent, "associationId": key, "associationArn": arn}


def _access_entry(response: EKSResponse, cluster: str, sent: Content) -> tuple[str, Content]:
    principal = sent["principalArn"]
    arn = _arn(response, f"access-entry/{cluster}/role/{response.current_account}/{uuid.uuid4()}")
    return principal, {
        "kubernetesGroups": [],
        "type": "STANDARD",
        "username": principal,
        **sent,
        "accessEntryArn": arn,
        "policies": {},
    }


_add(Kind("addon", "addons", "addon", "addons", "addonName", _addon, lambda each: each["addonName"], updates=True))
_add(
    Kind(
        "pod_identity_association",
        "pod_identity_associations",
        "association",
        "associations",
        "associationId",
        _association,
        lambda each: each,
    )
)
_ENTRY = Kind(
    "access_entry",
    "access_entries",
    "accessEntry",
    "accessEntries",
    "principalArn",
    _access_entry,
    lambda each: each["principalArn"],
)
_add(_ENTRY)


def _policies(response: EKSResponse) -> dict[str, Content]:
    objects, key = _get(response, _ENTRY)
    return objects[key]["policies"]


def associate_access_policy(self: EKSResponse) -> ActionResult:
    """Add a policy to an access entry, or change its scope."""
    associated = {**body(self), "associatedAt": utcnow(), "modifiedAt": utcnow()}
    _policies(self)[associated["policyArn"]] = associated
    names = {"clusterName": _part(self, "name"), "principalArn": _part(self, "principalArn")}
    return ActionResult({**names, "associatedAccessPolicy": associated})


def list_associated_access_policies(self: EKSResponse) -> ActionResult:
    """Return the policies of an access entry."""
    names = {"clusterName": _part(self, "name"), "principalArn": _part(self, "principalArn")}
    return ActionResult({**names, "associatedAccessPolicies": list(_policies(self).values())})


def disassociate_access_policy(self: EKSResponse) -> ActionResult:
    """Take a policy from an access entry."""
    _policies(self).pop(_part(self, "policyArn"), None)
    return ActionResult({})


def describe_update(self: EKSResponse) -> ActionResult:
    """Tell that every update was successful."""
    return ActionResult({"update": {**_update(), "id": _part(self, "updateId")}})


def update_cluster_version(self: EKSResponse) -> ActionResult:
    """Change the version of the control plane."""
    cluster = self.eks_backend.describe_cluster(name=_part(self, "name"))
    cluster.version = body(self)["version"]
    return ActionResult({"update": _update("VersionUpdate")})


def update_nodegroup_version(self: EKSResponse) -> ActionResult:
    """Change the version of the nodes, or the version of their launch template."""
    group = self.eks_backend.describe_nodegroup(_part(self, "name"), _part(self, "nodegroupName"))
    sent = body(self)
    group.version = sent.get("version") or group.version
    group.launch_template = sent.get("launchTemplate") or group.launch_template
    return ActionResult({"update": _update("VersionUpdate")})


for function in (
    associate_access_policy,
    list_associated_access_policies,
    disassociate_access_policy,
    describe_update,
    update_cluster_version,
    update_nodegroup_version,
):
    setattr(EKSResponse, function.__name__, function)


@instead_of(EKSResponse, "create_cluster")
def create_cluster(moto: Callable[..., Any], self: EKSResponse) -> ActionResult:
    """Return the blocks that were sent, and what AWS adds to the network's."""
    cluster, sent = moto(self).result["cluster"], body(self)
    access = sent.get("accessConfig") or {}
    cluster.access_config = {
        "authenticationMode": "CONFIG_MAP",
        "bootstrapClusterCreatorAdminPermissions": True,
        **access,
    }
    cluster.upgrade_policy = {"supportType": "EXTENDED", **(sent.get("upgradePolicy") or {})}
    cluster.compute_config, cluster.storage_config = sent.get("computeConfig"), sent.get("storageConfig")
    if network := sent.get("kubernetesNetworkConfig"):
        cluster.kubernetes_network_config = {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4", **network}
    cluster.resources_vpc_config = {**cluster.resources_vpc_config, **_place(self, cluster)}
    return ActionResult({"cluster": cluster})


def _place(response: EKSResponse, cluster: Any) -> Content:
    """Make the cluster's security group, as AWS does."""
    network = ec2_backends[response.current_account][response.region]
    subnets = cluster.resources_vpc_config.get("subnetIds", [])
    vpc = network.get_subnet(subnets[0]).vpc_id
    group = network.create_security_group(f"eks-cluster-sg-{cluster.name}", "EKS created security group", vpc)
    return {"clusterSecurityGroupId": group.id, "vpcId": vpc}


@instead_of(Cluster, "__init__")
def create(moto: Callable[..., Any], self: Cluster, *arguments: Any, **named: Any) -> None:
    """Lead to the stand-in for the Kubernetes API, where there is one; it speaks no TLS."""
    moto(self, *arguments, **named)
    if address := os.environ.get("MOTO_EKS_ENDPOINT"):
        self.endpoint, self.certificate_authority = address, {"data": _authority()}


@cache
def _authority() -> str:
    """Return a certificate that clients can read; nothing is signed with it."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")]),
    )
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = utcnow()
    signed = made.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(Encoding.PEM)).decode()


@instead_of(EKSResponse, "delete_cluster")
def delete_cluster(moto: Callable[..., Any], self: EKSResponse) -> ActionResult:
    """Remove the cluster's security group too."""
    result = moto(self)
    network = ec2_backends[self.current_account][self.region]
    network.delete_security_group(group_id=result.result["cluster"].resources_vpc_config["clusterSecurityGroupId"])
    return result


@instead_of(EKSResponse, "update_cluster_config")
def update_cluster_config(moto: Callable[..., Any], self: EKSResponse) -> ActionResult:
    """Answer with an update; keep what AWS had added and what was not sent."""
    cluster = self.eks_backend.describe_cluster(name=_part(self, "name"))
    sent, network = body(self), dict(cluster.resources_vpc_config)
    moto(self)
    cluster.resources_vpc_config = {**network, **(sent.get("resourcesVpcConfig") or {})}
    for field, name in (("accessConfig", "access_config"), ("upgradePolicy", "upgrade_policy")):
        setattr(cluster, name, {**getattr(cluster, name), **(sent.get(field) or {})})
    return ActionResult({"update": _update()})


@instead_of(EKSResponse, "create_nodegroup")
def create_nodegroup(moto: Callable[..., Any], self: EKSResponse) -> ActionResult:
    """Leave out the remote access that moto invents; fill in the versions and the update configuration."""
    group, sent = moto(self).result["nodegroup"], body(self)
    if not sent.get("remoteAccess"):
        group.remote_access = None
        group.resources.pop("remoteAccessSecurityGroup", None)
    group.update_config = sent.get("updateConfig") or {"maxUnavailable": 1}
    group.version = sent.get("version") or self.eks_backend.clusters[group.cluster_name].version
    group.release_version = sent.get("releaseVersion") or f"{group.version}.0-20260101"
    return ActionResult({"nodegroup": group})


def _tags(response: EKSResponse) -> dict[str, str] | None:
    """Return the tags that this request is about; None for those of a cluster, which moto knows."""
    arn = unquote(response.raw_path.split("/tags/")[-1])
    for cluster in response.eks_backend.clusters.values():
        for group in cluster.nodegroups.values():
            if group.arn == arn:
                group.tags = group.tags or {}
                return group.tags
        for objects in cluster.__dict__.get("belongings", {}).values():
            for each in objects.values():
                if arn in each.values():
                    return each["tags"]
    return None


@instead_of(EKSResponse, "tag_resource")
def tag_resource(moto: Callable[..., Any], self: EKSResponse) -> ActionResult:
    """Tag what belongs to a cluster too."""
    if (tags := _tags(self)) is None:
        return moto(self)
    tags.update(body(self)["tags"])
    return ActionResult({})


@instead_of(EKSResponse, "untag_resource")
def untag_resource(moto: Callable[..., Any], self: EKSResponse) -> ActionResult:
    """Remove tags from what belongs to a cluster too."""
    if (tags := _tags(self)) is None:
        return moto(self)
    for name in self.querystring.get("tagKeys", []):
        tags.pop(name, None)
    return ActionResult({})


urls.url_paths["{0}/clusters/(?P<name>[^/]+)/(?P<rest>.+)$"] = urls.response.dispatch
