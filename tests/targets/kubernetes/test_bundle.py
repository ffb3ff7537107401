"""A graph becomes ordered steps: charts, objects, and what admits consumers."""

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.reference import Secret
from tests.kubernetes.stacks import SEED, TRACKING, bundle, objects


def waves(text: str) -> dict[str, int]:
    return {each.key: each.wave for each in bundle(text).steps}


def test_each_step_comes_after_those_it_needs() -> None:
    for text in (TRACKING, SEED):
        done: set[str] = set()
        for step in bundle(text).steps:
            assert done.issuperset(step.after), step.key
            done.add(step.key)


def test_operators_and_the_namespace_come_first() -> None:
    found = waves(TRACKING)
    assert {key for key, wave in found.items() if wave == 0} == {"namespace", "release:cnpg-system/cloudnative-pg"}


def test_a_component_starts_after_its_database_admits_it() -> None:
    found = waves(TRACKING)
    assert found["objects:cloudnative-pg"] < found["grant:mlflow.backend"] < found["release:mlflow"]


def test_monitors_come_after_what_brings_their_kind() -> None:
    found = waves(TRACKING)
    assert found["release:prometheus"] < found["monitors"]


def test_a_release_that_serves_the_cluster_is_there_once() -> None:
    two = TRACKING.replace("[mlflow]", "[mlflow, {mlflow: {as: team-b}}]")
    assert [each.name for each in bundle(two).releases].count("cloudnative-pg") == 1
    assert {"mlflow", "team-b"} <= {each.name for each in bundle(two).releases}


def test_a_consumer_gets_a_login_and_a_database_of_its_own() -> None:
    made = bundle(TRACKING)
    assert objects(made, "Database")["mlflow-backend"]["spec"]["owner"] == "mlflow"
    assert objects(made, "DatabaseRole")["mlflow-backend"]["spec"]["passwordSecret"] == {"name": "mlflow-backend-login"}
    login = objects(made, "Secret")["mlflow-backend-login"]["stringData"]
    assert login == {"username": "mlflow", "password": Secret("mlflow", "backend", "login")}


def test_credentials_stand_in_secrets_only() -> None:
    made = bundle(TRACKING)
    for each in made.objects:
        if each["kind"] != "Secret":
            assert "Secret(" not in repr(each), each
    assert "Secret(" not in repr([each.values for each in made.releases])


def test_values_name_secrets_and_addresses_of_the_cluster() -> None:
    values = next(each.values for each in bundle(TRACKING).releases if each.name == "mlflow")
    assert values["backendStore"]["existingDatabaseSecret"]["name"] == "mlflow-backend"
    assert values["backendStore"]["postgres"]["host"] == "cloudnative-pg-rw.churn.svc.cluster.local"
    assert values["extraSecretNamesForEnvFrom"] == ["mlflow-artifacts"]


def test_on_aws_the_services_of_the_cloud_are_no_steps() -> None:
    made = bundle(SEED)
    assert not {each.component for each in made.steps} & {"s3", "kms", "aws-batch"}


def test_on_aws_jobs_make_the_logins_of_the_database() -> None:
    made = bundle(SEED)
    of_database = {each.key: each for each in made.steps if each.component == "rds"}
    assert set(of_database) == {"access:rds", "grant:mlflow.backend"}
    secret, job = of_database["grant:mlflow.backend"].objects
    assert "platinfra/passing" in secret["metadata"]["annotations"]
    assert job["kind"] == "Job"
    (mlflow,) = (each for each in made.steps if each.key == "release:mlflow")
    assert "grant:mlflow.backend" in mlflow.after


def test_on_aws_logins_by_hand_need_no_jobs() -> None:
    made = bundle(SEED.replace("stack:", "stack:\n  sql_database: [rds: {settings: {host: db.example.org}}]"))
    assert not [each for each in made.steps if each.component == "rds"]
    values = next(each.values for each in made.releases if each.name == "mlflow")
    assert values["artifactRoot"]["s3"]["bucket"] == "aws-mlops-stack-s3-210987654321"
    assert objects(made, "Secret")["mlflow-artifacts"]["stringData"]["AWS_REGION"] == "us-east-1"


def test_another_environment_is_another_namespace() -> None:
    text = TRACKING + "environments:\n  test: {provider: {name: kubernetes}}\n"
    from platinfra.targets.kubernetes.verbs.stack import bundle_of
    from tests.stacks import resolved

    assert bundle_of(resolved(text, environment="test")).place.namespace.startswith("churn-test-")


def test_a_tool_that_no_cluster_runs_is_a_diagnostic() -> None:
    with pytest.raises(PlatinfraError) as raised:
        bundle("name: a\nprovider: {name: kubernetes}\nstack:\n  notebook: [jupyterlab]\n")
    assert {each.code for each in raised.value.diagnostics} == {"tool-not-on-target"}
