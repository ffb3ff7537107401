"""EC2: monitoring, protection, descriptions of rules, what NAT leaves; tags of a launch template are not its instances'."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.monitoring import Monitoring

from . import instead_of


@instead_of(LaunchTemplateBackend, "create_launch_template")
def create_launch_template(
    moto: Callable[..., Any], self: Any, name: str, description: str, data: dict[str, Any], tags: dict[str, Any]
) -> LaunchTemplate:
    """Leave the template's own tags out of its data."""
    kept = [each for each in data.get("TagSpecifications", []) if each["ResourceType"] != "launch-template"]
    data.pop("TagSpecifications", None)
    return moto(self, name, description, {**data, **({"TagSpecifications": kept} if kept else {})}, tags)


# moto copies the tags when it makes a template, and answers with the copy.
LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, _: None)
# moto looks for it beside an address range only.
SecurityGroupRule.description = property(lambda self: (self.source_group or self.ip_range).get("Description"))


@instead_of(InstanceResponse, "run_instances")
def run_instances(moto: Callable[..., Any], self: InstanceResponse) -> ActionResult:
    """Keep whether they may be terminated."""
    result = moto(self)
    for each in result.result.instances:
        each.disable_api_termination = bool(self._get_param("DisableApiTermination"))
    return result


@instead_of(Instance, "terminate")
def terminate(moto: Callable[..., Any], self: Instance, *arguments: Any, **named: Any) -> Any:
    """Remove the interfaces that came with it."""
    state = moto(self, *arguments, **named)
    for each in self.nics.values():
        self.ec2_backend.enis.pop(each.id, None)
    return state


@instead_of(NatGatewayBackend, "delete_nat_gateway")
def delete_nat_gateway(moto: Callable[..., Any], self: Any, nat_gateway_id: str) -> Any:
    """Remove its interface too."""
    gateway = moto(self, nat_gateway_id)
    self.enis.pop(gateway._eni.id, None)
    return gateway


def _monitoring(state: str) -> Callable[[Monitoring], ActionResult]:
    def change(self: Monitoring) -> ActionResult:
        for each in (instances := [self.ec2_backend.get_instance(one) for one in self._get_param("InstanceIds")]):
            each.monitoring_state = state
        changed = [{"InstanceId": each.id, "Monitoring": {"State": state}} for each in instances]
        return ActionResult({"InstanceMonitorings": changed})

    return change


Monitoring.monitor_instances = _monitoring("enabled")
Monitoring.unmonitor_instances = _monitoring("disabled")
