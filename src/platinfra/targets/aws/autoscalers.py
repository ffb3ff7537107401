"""What adds nodes to a new cluster, by what `cluster: {autoscaler: …}` names; EKS Auto Mode needs nobody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from platinfra.targets import aws

if TYPE_CHECKING:
    from platinfra.targets.aws.place import AwsPlace


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A tool that adds nodes, with what the stack, its price and AWS have to know of it."""

    capability: str
    """What the stack needs, so that the tool joins."""
    cost: str
    """The kind of `costs.yaml` that its nodes are."""
    name: str
    """What its policy is called, and its role after `cluster-`."""
    service_account: str
    """The account of its pods, in `kube-system`."""
    policy: "Callable[[AwsPlace], dict[str, Any]]"

    @property
    def role(self) -> str:
        """Return what its role is called."""
        return f"cluster-{self.name}"

    @property
    def pod(self) -> dict[str, str]:
        """Return the pods that get the role."""
        return {"namespace": "kube-system", "service_account": self.service_account}


# The modules of the policies are loaded when one is asked for: `validate` needs the capabilities alone.
AUTOSCALERS: Mapping[str, Autoscaler] = {
    "karpenter": Autoscaler(
        capability="node_provisioner",
        cost="added_nodes",
        name="karpenter",
        service_account="karpenter",
        policy=lambda place: aws.karpenter.policy(place),  # noqa: PLW0108
    ),
    "cluster-autoscaler": Autoscaler(
        capability="node_group_scaler",
        cost="scaled_nodes",
        name="autoscaler",
        service_account="cluster-autoscaler",
        policy=lambda place: aws.cluster_autoscaler.policy(place),  # noqa: PLW0108
    ),
}
"""The tools by their names, which `autoscaler` takes."""
