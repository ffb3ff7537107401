"""ECS: what a service was asked for comes back; deleted clusters are not listed."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from . import instead_of


@instead_of(EC2ContainerServiceResponse, "create_service")
def create_service(moto: Callable[..., Any], self: EC2ContainerServiceResponse) -> ActionResult:
    """Keep whether tasks are balanced over the zones."""
    result = moto(self)
    wanted = self._get_param("availabilityZoneRebalancing", "DISABLED")
    result.result["service"].availability_zone_rebalancing = wanted
    return result


@instead_of(EC2ContainerServiceBackend, "list_clusters")
def list_clusters(moto: Callable[..., Any], self: EC2ContainerServiceBackend) -> list[str]:
    """Leave out those that moto keeps for a while."""
    return [each.arn for each in self.clusters.values() if each.status != "INACTIVE"]
