"""
The policy of Karpenter's controller: it adds and removes the nodes of one cluster and touches no others.

Source: Karpenter's reference on CloudFormation, which explains each permission.
"""

from typing import Any

from platinfra.targets.aws import documents
from platinfra.targets.aws.place import Place

CAPABILITY = "node_provisioner"
POD = {"namespace": "kube-system", "service_account": "karpenter"}
"""The controller's pods: its release is called as its chart."""
NODES = "cluster-nodes"
"""What the role of the nodes is called."""
QUEUE = "karpenter"
"""What the queue is called that tells of nodes that AWS takes back."""
REASONS = {
    "Describe": "describe calls cannot be scoped; they are limited to the region",
    "ListProfiles": "AWS lists the names of all profiles or of none",
    "Prices": "prices are public and cannot be scoped",
}
"""Statements whose resource has to be `*`, and why."""
_CREATED = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
_GIVEN = ("security-group", "subnet", "capacity-reservation")
_DESCRIBED = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
)


def policy(place: Place) -> dict[str, Any]:
    """Return the policy of the controller."""
    return documents.policy([*_nodes(place), *_profiles(place), *_readings(place)])


def _nodes(place: Place) -> list[dict[str, Any]]:
    owned = f"kubernetes.io/cluster/{place.cluster_name}"
    requested = {
        "StringEquals": {f"aws:RequestTag/{owned}": "owned", "aws:RequestTag/eks:eks-cluster-name": place.cluster_name}
    }
    existing = {"StringEquals": {f"aws:ResourceTag/{owned}": "owned"}}
    created = [place.arn("ec2", f"{each}/*") for each in _CREATED]
    image = [place.arn("ec2", "image/*", account=""), place.arn("ec2", "snapshot/*", account="")]
    given = [place.arn("ec2", f"{each}/*") for each in _GIVEN]
    launched = ["ec2:CreateFleet", "ec2:RunInstances"]
    node = place.role_arn(place.name(NODES, limit=64))
    return [
        _statement("UseImagesAndNetwork", launched, [*image, *given]),
        _statement("UseOwnLaunchTemplates", launched, [place.arn("ec2", "launch-template/*")], existing),
        _statement("CreateTagged", [*launched, "ec2:CreateLaunchTemplate"], created, requested),
        _statement(
            "TagWhatIsCreated",
            ["ec2:CreateTags"],
            created,
            {
                "StringEquals": {
                    f"aws:RequestTag/{owned}": "owned",
                    "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
                }
            },
        ),
        _statement("TagOwnNodes", ["ec2:CreateTags"], [place.arn("ec2", "instance/*")], existing),
        _statement(
            "RemoveOwn",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [place.arn("ec2", "instance/*"), place.arn("ec2", "launch-template/*")],
            existing,
        ),
        _statement(
            "PassNodeRole",
            ["iam:PassRole"],
            [node],
            {"StringEquals": {"iam:PassedToService": f"ec2.{place.region.domain}"}},
        ),
    ]


def _profiles(place: Place) -> list[dict[str, Any]]:
    owned = f"kubernetes.io/cluster/{place.cluster_name}"
    profiles = [place.arn("iam", "instance-profile/*", region="")]
    return [
        _statement(
            "CreateProfiles",
            ["iam:CreateInstanceProfile", "iam:TagInstanceProfile"],
            profiles,
            {"StringEquals": {f"aws:RequestTag/{owned}": "owned"}},
        ),
        _statement(
            "ChangeOwnProfiles",
            ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
            profiles,
            {"StringEquals": {f"aws:ResourceTag/{owned}": "owned"}},
        ),
        _statement("ReadProfiles", ["iam:GetInstanceProfile"], profiles),
        _statement("ListProfiles", ["iam:ListInstanceProfiles"], ["*"]),
    ]


def _readings(place: Place) -> list[dict[str, Any]]:
    queue = place.arn("sqs", place.name(QUEUE))
    parameters = place.arn("ssm", "parameter/aws/service/*", account="")
    here = {"StringEquals": {"aws:RequestedRegion": place.region.name}}
    return [
        _statement("Describe", list(_DESCRIBED), ["*"], here),
        _statement("Prices", ["pricing:GetProducts"], ["*"]),
        _statement("Images", ["ssm:GetParameter"], [parameters]),
        _statement("Interruptions", ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [queue]),
        _statement("Endpoint", ["eks:DescribeCluster"], [place.arn("eks", f"cluster/{place.cluster_name}")]),
    ]


def _statement(
    sid: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
    return {**made, "Condition": condition} if condition else made
