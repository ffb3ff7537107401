"""Code that hands a job to an engine of AWS is told everything that the call has to name."""

import pytest

from platinfra.model import targets
from platinfra.targets.aws.cloud import AwsCloud
from tests.stacks import CATALOG, resolved

STACK = """\
name: demo
provider: {name: aws, account-id: "210987654321"}
deployment: {type: kubernetes}
stack:
  pipelining: [prefect]
  runtime_engine: [TOOL]
"""
NAMED = {
    "aws-batch": {"AWS_BATCH_JOB_QUEUE": "demo-aws-batch", "AWS_BATCH_JOB_DEFINITION": "demo-aws-batch"},
    "sagemaker": {
        "SAGEMAKER_JOB_PREFIX": "demo-sagemaker-",
        "SAGEMAKER_ROLE": "arn:aws:iam::210987654321:role/demo-sagemaker",
        "SAGEMAKER_OUTPUT": "s3://demo-s3-210987654321/sagemaker",
    },
}
"""Service to what SubmitJob and CreateTrainingJob cannot do without, beside what the code brings."""


def test_every_service_that_runs_jobs_is_named_here() -> None:
    engines = {each.name for each in CATALOG.providers("runtime_engine") if "service" in each.places}
    assert engines == NAMED.keys()


@pytest.mark.parametrize("tool", NAMED)
def test_code_of_a_pipeline_is_told_what_a_job_needs(tool: str) -> None:
    found = resolved(STACK.replace("TOOL", tool))
    (wire,) = (each for each in found.graph.bindings_of("prefect") if each.capability == "runtime_engine")
    told = AwsCloud(targets.get("aws").cloud(found).values).client_env(wire)
    assert told.items() >= {**NAMED[tool], "AWS_DEFAULT_REGION": "us-east-1"}.items()
