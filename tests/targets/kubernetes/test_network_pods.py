"""Every pod that we render is selected by a policy that lets it do what it is there for."""

from collections.abc import Iterator

import pytest

from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import Bundle
from tests.kubernetes.reach import Pod, Reach
from tests.kubernetes.stacks import EVERYTHING, MODELS, MODELS_ON_AWS, SEED, TRACKING, bundle
from tests.targets.aws.stacks import NAMES, root_of, text_of

STACKS = {
    "tracking": TRACKING,
    "seed": SEED,
    "everything": EVERYTHING,
    "models": MODELS,
    "models-on-aws": MODELS_ON_AWS,
}
ALL = STACKS | {
    f"aws-{name}": text_of(name)
    for name in NAMES
    if "cloud_vm" not in text_of(name) and "name: local" not in text_of(name)
}
EXISTING_DATABASE = """\
name: churn
provider: {name: aws, account-id: "210987654321"}
deployment: {type: kubernetes}
stack:
  sql_database: [rds: {settings: {host: db.example.org, port: 5439, admin_secret: "arn:aws:secretsmanager:us-east-1:210987654321:secret:db-AbCdEf"}}]
  experiment_tracker: [mlflow]
"""
OURS = ("default-deny", "names")
"""Policies that hold for every pod of the namespace."""


def without_policy(made: Bundle) -> Iterator[str]:
    """Yield the pods of our own objects that nothing but the general policies selects."""
    objects = [plain(each) for each in made.objects]
    own = [each for each in objects if each["metadata"]["name"] not in {f"platinfra-{name}" for name in OURS}]
    reach = Reach(own)
    return (pod.name for pod in reach.pods if not reach.isolates(pod, "Egress"))


@pytest.mark.finding("A3")
@pytest.mark.parametrize("name", ALL)
def test_every_pod_is_selected_by_a_policy_of_its_own(name: str) -> None:
    assert list(without_policy(bundle(ALL[name]))) == []


def jobs_of_database(made: Bundle) -> tuple[Reach, list[Pod]]:
    reach = Reach([plain(each) for each in made.objects])
    return reach, [pod for pod in reach.pods if pod.labels.get("app.kubernetes.io/component") == "grant"]


@pytest.mark.finding("A3")
@pytest.mark.parametrize(("text", "port"), [(SEED, 5432), (EXISTING_DATABASE, 5439)])
def test_the_job_that_makes_a_login_reaches_the_database_and_nothing_else(text: str, port: int) -> None:
    reach, jobs = jobs_of_database(bundle(text))
    assert jobs
    for pod in jobs:
        assert [each for each in (22, 80, 443, 5432, 5439) if reach.reaches_world(pod, "10.0.3.4", each)] == [port]
        assert not reach.reached_from_world(pod, "10.0.3.4", port)


@pytest.mark.finding("A3")
def test_a_consumer_reaches_its_database_at_the_port_that_the_file_names() -> None:
    made = bundle(EXISTING_DATABASE)
    reach = Reach(
        [plain(each) for each in made.objects],
        [pod := Pod("churn", "mlflow", {"app.kubernetes.io/instance": "mlflow"})],
    )
    assert [each for each in (5432, 5439) if reach.reaches_world(pod, "10.0.3.4", each)] == [5439]


NOTEBOOKS = """\
name: churn
provider: {name: aws, account-id: "210987654321"}
deployment: {type: kubernetes, routes: {domain: ml.example.org, tls: {secret: cert}}}
stack:
  data_versioning: [dvc]
  experiment_tracker: [mlflow]
  monitoring: [prometheus]
  notebook: [jupyterhub]
  sign_in: [github: {settings: {organization: acme}}]
"""
HUB = {"app": "jupyterhub", "release": "jupyterhub", "component": "hub"}
NOTEBOOK = {**HUB, "component": "singleuser-server"}


@pytest.mark.finding("A15")
def test_notebooks_of_people_reach_what_they_are_wired_to_and_nothing_of_the_hub() -> None:
    made = bundle(NOTEBOOKS)
    hub, one, other = Pod("churn", "hub", HUB), Pod("churn", "one", NOTEBOOK), Pod("churn", "other", NOTEBOOK)
    mlflow = Pod("churn", "mlflow", {"app.kubernetes.io/instance": "mlflow"})
    reach = Reach([plain(each) for each in made.objects], [hub, one, other, mlflow])
    assert reach.allows(one, mlflow, 5000)
    assert not reach.allows(hub, mlflow, 5000)
    assert reach.allows(hub, one, 8888)
    assert reach.allows(one, hub, 8081)
    assert not reach.allows(one, other, 8888)
    assert not reach.allows(mlflow, one, 8888)
    assert reach.reaches_world(hub, "10.0.3.4", 5432)
    assert not reach.reaches_world(one, "10.0.3.4", 5432)
    assert reach.reaches_world(one, "93.184.216.34", 443)


@pytest.mark.finding("A15")
def test_notebooks_of_people_have_an_account_of_their_own_with_the_role_of_their_wires_alone() -> None:
    made = bundle(NOTEBOOKS)
    (release,) = [each for each in made.releases if each.chart == "jupyterhub"]
    assert release.values["hub"]["serviceAccount"]["name"] == "jupyterhub"
    assert release.values["singleuser"]["serviceAccountName"] == "jupyterhub-code"
    accounts = [each for each in made.objects if each["kind"] == "ServiceAccount"]
    assert {each["metadata"]["name"]: each["automountServiceAccountToken"] for each in accounts}[
        "jupyterhub-code"
    ] is False
    bound = [each["subjects"][0]["name"] for each in made.objects if each["kind"] == "RoleBinding"]
    assert "jupyterhub-code" not in bound
    roles = {
        role.pod["service_account"]: role
        for role in root_of(NOTEBOOKS).roles
        if role.component == "jupyterhub" and role.pod
    }
    assert roles.keys() == {"jupyterhub-code"}
    assert {each.wire for each in roles["jupyterhub-code"].statements} == {"dvc.remote"}
