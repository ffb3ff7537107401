"""RDS: what an instance and a parameter group were asked for comes back."""

from collections.abc import Callable
from typing import Any

from moto.rds.models import DBInstance, DBParameterGroup

from . import instead_of

_KEPT = ("monitoring_interval", "monitoring_role_arn", "performance_insights_kms_key_id", "database_insights_mode")
_DAYS = "performance_insights_retention_period"


@instead_of(DBInstance, "__init__")
def create(moto: Callable[..., Any], self: DBInstance, *arguments: Any, **named: Any) -> None:
    """Keep monitoring and performance insights."""
    moto(self, *arguments, **named)
    self.performance_insights_enabled = named.get("enable_performance_insights", False)
    if self.performance_insights_enabled:
        self.performance_insights_retention_period = named.get(_DAYS) or 7
    for name in _KEPT:
        if named.get(name) is not None:
            setattr(self, name, named[name])


@instead_of(DBParameterGroup, "update_parameters")
def update_parameters(moto: Callable[..., Any], self: DBParameterGroup, new: Any) -> None:
    """Mark parameters as set by the user: Terraform looks for those."""
    moto(self, [{**each, "Source": "user"} for each in new])
