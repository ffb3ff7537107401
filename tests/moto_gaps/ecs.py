"""ECS: what a service was asked for comes back."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from . import instead_of


@instead_of(EC2ContainerServiceResponse, "create_service")
def create_service(moto: Callable[..., Any], self: EC2ContainerServiceResponse) -> ActionResult:
    """Keep whether tasks are balanced over the zones."""
    result = moto(self)
    wanted = self._get_param("availabilityZoneRebalancing", "DISABLED")
    result.result["service"].availability_zone_rebalancing = wanted
    return result
