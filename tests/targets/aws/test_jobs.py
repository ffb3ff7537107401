"""Jobs of Batch and Fargate run outside the cluster: they are wired to what they reach, and people are told of the rest."""

import re
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.targets.aws.statements import statements_of
from tests.stacks import resolved
from tests.targets.aws.stacks import root_of, values_of

MODULES = Path(__file__).parents[3] / "src" / "platinfra" / "targets" / "aws" / "modules"
STACK = """\
name: churn
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
deployment: {type: TYPE}
stack:
  experiment_tracker: [mlflow]
  orchestrator: [TOOL]
  model_registry: [sagemaker]
  data_versioning: [dvc]
  data_processing: [glue]
"""
BOTH = pytest.mark.parametrize("tool", ["aws-batch", "aws-fargate"])


def stack(tool: str, kind: str = "kubernetes", **instead: str) -> str:
    text = STACK.replace("TOOL", tool).replace("TYPE", kind)
    for stage, named in instead.items():
        text = re.sub(rf"(?m)^  {stage}: .*$", f"  {stage}: {named}", text)
    return text


def notes_on(text: str, tool: str) -> list[str]:
    return [each for each in resolved(text).graph.notes if each.startswith(f"`{tool}` runs outside")]


@BOTH
@pytest.mark.finding("A20")
@pytest.mark.parametrize(("kind", "where"), [("kubernetes", "cluster"), ("cloud_vm", "machine")])
def test_people_are_told_which_tools_jobs_do_not_reach(tool: str, kind: str, where: str) -> None:
    (note,) = notes_on(stack(tool, kind), tool)
    assert note.startswith(f"`{tool}` runs outside the {where} and reaches services of aws, but not `mlflow`: ")
    assert "orchestrator" in note
    assert not [
        each
        for each in resolved(stack(tool, kind)).graph.bindings
        if (each.consumer, each.provider) == (tool, "mlflow")
    ]


@BOTH
@pytest.mark.finding("A20")
def test_one_note_names_all_of_them(tool: str) -> None:
    (note,) = notes_on(stack(tool, data_versioning="[dvc]\n  runtime_engine: [ray]"), tool)
    assert "but not `mlflow` or `ray`: " in note


@BOTH
@pytest.mark.finding("A20")
def test_a_wire_that_a_file_asks_for_is_refused_with_services_that_do_the_same(tool: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(stack(f"{tool}: {{bind: {{registries: mlflow}}}}"))
    (found,) = raised.value.diagnostics
    assert found.code == "out-of-reach"
    assert found.span
    assert str(found.hint).endswith("; in its reach would be: `sagemaker`")


@BOTH
@pytest.mark.finding("A20")
@pytest.mark.parametrize("kind", ["kubernetes", "cloud_vm"])
def test_what_jobs_reach_they_are_told_and_allowed(tool: str, kind: str) -> None:
    call = root_of(stack(tool, kind)).modules[f"component_{tool.replace('-', '_')}"]
    assert call["environment"].keys() == {"ARTIFACTS_URL", "AWS_DEFAULT_REGION"}
    told = call["client_environment"]
    assert (told["SAGEMAKER_MODEL_PACKAGE_GROUP"], told["AWS_GLUE_JOB"]) == ("churn-sagemaker", "churn-glue")
    values = values_of(stack(tool, kind))
    actions = {
        action
        for each in statements_of(values.graph.components[tool], values)
        if each.role == "main"
        for action in each.actions
    }
    assert {
        "s3:GetObject",
        "s3:PutObject",
        "kms:Decrypt",
        "glue:StartJobRun",
        "sagemaker:CreateModelPackage",
    } <= actions


@BOTH
@pytest.mark.finding("A20")
def test_jobs_may_open_the_port_of_those_services(tool: str) -> None:
    text = (MODULES / tool.removeprefix("aws-") / "main.tf").read_text()
    rules: list[Any] = re.findall(r'resource "aws_vpc_security_group_egress_rule" .*?\n}', text, re.DOTALL)
    assert len(rules) == 1
    assert re.search(r"from_port\s+= 443\n", rules[0])
    assert re.search(r'cidr_ipv4\s+= "0.0.0.0/0"', rules[0])
    assert "merge(var.client_environment, var.environment)" in text
