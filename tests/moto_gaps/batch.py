"""Batch: without a service role, AWS takes the one that is linked to the service."""

from collections.abc import Callable
from typing import Any

from moto.batch.models import BatchBackend

from . import instead_of

_SERVICE = "batch.amazonaws.com"


@instead_of(BatchBackend, "create_compute_environment")
def create_compute_environment(moto: Callable[..., Any], self: BatchBackend, **named: Any) -> Any:
    """Fill in the role; moto wants one that exists."""
    name = "AWSServiceRoleForBatch"
    if not named["service_role"]:
        if name not in {each.name for each in self.iam_backend.roles.values()}:
            self.iam_backend.create_role(name, "{}", f"/aws-service-role/{_SERVICE}/", None, "", [], "3600", _SERVICE)
        named["service_role"] = self.iam_backend.get_role(name).arn
    return moto(self, **named)
