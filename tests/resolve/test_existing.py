"""Servers that are there already: what a file may say of them, and that code gets what it needs on every target."""

import json
from typing import Any

import pytest
from tests.conftest import Command
from tests.stacks import plan_of, resolved

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import PlatinfraError
from platinfra.model import targets
from platinfra.model.reference import show_text
from platinfra.targets.kubernetes.network import openings
from platinfra.targets.kubernetes.routes import given_secrets
from platinfra.targets.local.actions import Start, WriteVariables

CATALOG = Catalog()
EXISTING = [each for each in CATALOG.tools() if each.existing]
HEADS = {
    "local": "provider: {name: local}",
    "kubernetes": "provider: {name: kubernetes}",
    "aws": 'provider: {name: aws, account-id: "210987654321", region: eu-central-1}',
    "cloud_vm": 'provider: {name: aws, account-id: "210987654321", region: eu-central-1}\ndeployment: {type: cloud_vm}',
}


def use(tool: Tool, *, only: int | None = None) -> str:
    """Return one use of a tool with its credentials, or the first of them."""
    assert tool.existing
    sources = ", ".join(f"{name}: {{from-env: {name.upper()}}}" for name in list(tool.existing.credentials)[:only])
    at = tool.existing.at or tool.example_address
    settings = "".join(
        f", settings: {{{', '.join(f'{each}: abc' for each in tool.existing.settings)}}}"
        if tool.existing.settings
        else ""
    )
    return f'{tool.name}: {{at: "{at}", credentials: {{{sources}}}{settings}}}'


def stack(tool: Tool, target: str = "local", *, only: int | None = None) -> str:
    """Return a stack of one tool that is there already and of one that uses it."""
    stage = next(iter(tool.provides))
    stages = {"pipelining": "prefect", stage: use(tool, only=only)}
    if stage in {"sql_database", "object_store"}:
        stages["experiment_tracker"] = "mlflow"
    uses = "\n".join(
        f"  {name}: [{{{each}}}]" if "{" in each else f"  {name}: [{each}]" for name, each in stages.items()
    )
    return f"name: one\n{HEADS[target]}\nstack:\n{uses}\n"


@pytest.mark.parametrize("tool", EXISTING, ids=lambda each: each.name)
def test_code_gets_the_address_and_the_credentials_and_nothing_is_started(tool: Tool) -> None:
    plan = plan_of(stack(tool))
    assert tool.existing
    assert not any(each.kind == "start" and each.component == tool.name for each in plan.actions)
    told = {
        key: show_text(each)
        for each in plan.actions
        if isinstance(each, WriteVariables)
        for key, each in each.env.items()
    }
    for name, variable in tool.existing.credentials.items():
        if variable:
            assert told[variable] == f"<secret {tool.name}.given/{name}>"
    at = tool.existing.at or tool.example_address
    if tool.existing.endpoint == "http":
        assert any(at in each for each in told.values())


@pytest.mark.parametrize("tool", EXISTING, ids=lambda each: each.name)
def test_credentials_that_are_not_given_are_no_variables(tool: Tool) -> None:
    assert tool.existing
    plan = plan_of(stack(tool, only=1))
    told = {key for each in plan.actions if isinstance(each, WriteVariables) for key in each.env}
    assert told.isdisjoint(filter(None, list(tool.existing.credentials.values())[1:]))


@pytest.mark.parametrize("target", [each for each in HEADS if each != "local"])
@pytest.mark.parametrize("tool", EXISTING, ids=lambda each: each.name)
def test_elsewhere_it_is_used_as_well_or_refused_with_the_reason(tool: Tool, target: str) -> None:
    entry = CATALOG.get(f"existing-{tool.name}")
    ground = {"kubernetes": "kubernetes", "aws": "aws", "cloud_vm": "aws"}[target]
    place = {"cloud_vm": "aws/cloud_vm"}.get(target, f"{ground}/kubernetes")
    limits = [
        entry.limits[each]
        for each in (ground, place, "cluster")
        if each in entry.limits and not (each == "cluster" and target == "cloud_vm")
    ]
    if limits:
        with pytest.raises(PlatinfraError) as error:
            resolved(stack(tool, target))
        assert limits[0] in str(error.value)
        return
    component = resolved(stack(tool, target)).graph.components[tool.name]
    assert component.at
    assert component.place == "cluster"


@pytest.mark.parametrize(
    ("slug", "use", "said"),
    [
        (
            "no-existing",
            'runtime_engine: [dask: {at: "https://dask.example.org"}]',
            "does not know how to use a `dask`",
        ),
        (
            "secret-in-file",
            'experiment_tracker: [mlflow: {at: "https://me:pw@mlflow.example.org"}]',
            "a user or a password",
        ),
        ("wrong-format", "experiment_tracker: [mlflow: {at: mlflow.example.org}]", "is not an address"),
        (
            "wrong-format",
            'experiment_tracker: [mlflow: {at: "postgresql://mlflow.example.org"}]',
            "is not the protocol",
        ),
        (
            "missing-address",
            "experiment_tracker: [mlflow: {credentials: {from-env: TOKEN}}]",
            "has credentials and no address",
        ),
        (
            "unknown-credential",
            'experiment_tracker: [mlflow: {at: "https://a.b", credentials: {tokn: {from-env: T}}}]',
            "no credential `tokn`",
        ),
        (
            "wrong-credential",
            'experiment_tracker: [mlflow: {at: "https://a.b", credentials: {token: abc}}]',
            "does not say where it is",
        ),
        (
            "wrong-credential",
            'experiment_tracker: [mlflow: {at: "https://a.b", credentials: {token: {from-env: ""}}}]',
            "does not say where it is",
        ),
        (
            "unknown-setting",
            'experiment_tracker: [mlflow: {at: "https://a.b", settings: {workers: 2}}]',
            "has no setting `workers`",
        ),
        (
            "conflicting-setting",
            'experiment_tracker: [mlflow: {at: "https://a.b"}]\n  model_registry: [mlflow: {at: "https://c.d"}]',
            "in two places",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(slug: str, use: str, said: str) -> None:
    with pytest.raises(PlatinfraError) as error:
        resolved(f"name: one\nstack:\n  {use}\n")
    [found] = error.value.diagnostics
    assert (found.code, said in found.message) == (slug, True), found
    assert found.span is not None
    assert found.hint


def test_other_stages_name_it_without_saying_it_again_and_beside_it_one_may_run() -> None:
    text = """\
name: one
stack:
  experiment_tracker:
    - mlflow: {at: "https://mlflow.example.org"}
    - mlflow: {as: own}
  model_registry: [mlflow]
"""
    graph = resolved(text).graph
    assert graph.components["mlflow"].stages == ("experiment_tracker", "model_registry")
    assert graph.components["mlflow"].at == "https://mlflow.example.org"
    assert graph.components["own"].at == ""
    assert not graph.bindings_of("mlflow")
    assert {each.name for each in graph.bindings_of("own")} == {"backend", "artifacts"}


@pytest.mark.parametrize("stage", ["runtime_engine", "data_processing"])
def test_databricks_is_no_engine_since_code_gets_its_mlflow_alone(stage: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(f"name: one\nstack: {{{stage}: [{{{use(CATALOG.get('databricks'))}}}]}}\n")
    [problem] = raised.value.diagnostics
    assert problem.message.startswith(f"`databricks` does not provide `{stage}`: only its MLflow is connected")
    assert str(problem.hint).startswith("`databricks` provides `experiment_tracker` and `model_registry`; ")


def test_a_hosted_service_needs_no_address(platinfra: Command) -> None:
    graph = resolved(
        "name: one\nstack:\n  experiment_tracker: [wandb: {credentials: {from-env: KEY}}]\n  pipelining: [prefect]\n"
    ).graph
    assert graph.components["wandb"].at == "https://api.wandb.ai"
    assert [each.provider for each in graph.bindings_of("prefect")] == ["wandb", "wandb"]
    assert "existing     at https://api.wandb.ai" in platinfra("explain", "wandb").out


@pytest.mark.parametrize("tool", EXISTING, ids=lambda each: each.name)
def test_in_a_cluster_a_credential_is_a_variable_once(tool: Tool) -> None:
    run = CATALOG.get(f"existing-{tool.name}").run.kubernetes
    assert run
    assert run.client_env is not None
    assert run.client_env.keys().isdisjoint(run.client_secret_env)


def test_pods_read_the_credentials_that_the_file_names_and_may_reach_the_server() -> None:
    text = """\
name: one
provider: {name: kubernetes}
stack:
  experiment_tracker: [mlflow: {at: "https://mlflow.example.org:8443", credentials: {from-env: TOKEN}}]
  model_registry: [mlflow]
  model_serving: [mlflow-serving: {settings: {model: wine}}]
"""
    target: Any = targets.get("kubernetes")
    bundle = target.bundle(resolved(text))
    made = json.dumps([each for each in bundle.objects if each["kind"] == "Deployment"], default=str)
    assert "MLFLOW_TRACKING_TOKEN" in made
    assert "MLFLOW_TRACKING_PASSWORD" not in made
    assert given_secrets(bundle.values) == {"mlflow-credentials": frozenset({"token"})}
    found = list(openings(bundle.values.graph.components["mlflow-serving"], bundle.values))
    assert [(each.ports, "https://mlflow.example.org:8443" in each.reason) for each in found if 8443 in each.ports] == [
        ((8443,), True)
    ]


def test_what_is_wired_to_a_store_of_others_gets_its_keys_also_through_a_tool_without_processes() -> None:
    text = """\
name: one
stack:
  experiment_tracker: [mlflow]
  data_versioning: [dvc]
  pipelining: [prefect]
  object_store:
    - s3: {at: "https://minio.example.org", credentials: {access-key: {from-env: A}, secret-key: {from-env: B}}, settings: {bucket: abc, region: eu}}
"""
    starts = [each for each in plan_of(text).actions if isinstance(each, Start)]
    holding = {each.component for each in starts if "AWS_SECRET_ACCESS_KEY" in each.command.env}
    assert holding == {"mlflow", "postgres", "prefect"}  # Postgres keeps its backups there
