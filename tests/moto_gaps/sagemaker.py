"""SageMaker: no invented blocks, and model package groups can be deleted."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import Model
from moto.sagemaker.responses import SageMakerResponse

from . import instead_of


def delete_model_package_group(self: SageMakerResponse) -> ActionResult:
    """Delete a group; one that is not there is an error."""
    name = self._get_param("ModelPackageGroupName")
    self.sagemaker_backend.describe_model_package_group(name)
    del self.sagemaker_backend.model_package_groups[name]
    return EmptyResult()


SageMakerResponse.delete_model_package_group = delete_model_package_group


@instead_of(SageMakerResponse, "create_model")
def isolate(moto: Callable[..., Any], self: SageMakerResponse) -> ActionResult:
    """Keep whether the model's network is isolated."""
    result = moto(self)
    model = self.sagemaker_backend.describe_model(self._get_param("ModelName"))
    model.enable_network_isolation = bool(self._get_param("EnableNetworkIsolation"))
    return result


@instead_of(Model, "__init__")
def create_model(moto: Callable[..., Any], self: Model, *arguments: Any, **named: Any) -> None:
    """Leave out a network that was not sent."""
    moto(self, *arguments, **named)
    self.vpc_config = self.vpc_config or None
    self.primary_container = self.primary_container or None


@instead_of(SageMakerResponse, "describe_endpoint_config")
def describe_endpoint_config(moto: Callable[..., Any], self: SageMakerResponse) -> ActionResult:
    """Leave out blocks that were not sent."""
    return ActionResult({name: value for name, value in moto(self).result.items() if value not in (None, {}, [])})
