"""Glue: what a job was asked for comes back, and nothing else; jobs can be updated."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.glue.models import FakeJob
from moto.glue.responses import GlueResponse

from . import instead_of


@instead_of(FakeJob, "__init__")
def create_job(moto: Callable[..., Any], self: FakeJob, *arguments: Any, **named: Any) -> None:
    """Leave out an execution class that was not sent."""
    moto(self, *arguments, **named)
    self.execution_class = signature(moto).bind(self, *arguments, **named).arguments.get("execution_class")


def update_job(self: GlueResponse) -> ActionResult:
    """Replace what a job does."""
    job = self.glue_backend.get_job(self._get_param("JobName"))
    for name, value in self._get_param("JobUpdate").items():
        setattr(job, xform_name(name), value)
    return ActionResult({"JobName": job.name})


GlueResponse.update_job = update_job
