"""The size of a deployment changes defaults in clusters and on AWS; what the file says wins."""

import pytest
from tests.stacks import CATALOG, graph_of, resolved

from platinfra.diagnostics import PlatinfraError
from platinfra.resolve.settings import defaults_of_size, set_by_size

CLUSTER = """\
name: churn
provider: {name: kubernetes}
deployment: {size: SIZE}
stack:
  feature_store: [feast: {settings: {memory: 768Mi}}]
  monitoring: [prometheus]
"""


def settings(size: str, component: str, text: str = CLUSTER) -> dict:
    return dict(graph_of(text.replace("SIZE", size)).components[component].settings)


def shown(text: str) -> dict[str, dict]:
    found = resolved(text)
    return set_by_size(found.graph.components, CATALOG, found.size or "small")


@pytest.mark.parametrize(
    ("size", "instances", "storage"), [("small", 1, "10Gi"), ("medium", 2, "50Gi"), ("large", 3, "200Gi")]
)
def test_a_size_sets_how_much_of_a_default_provider_there_is(size: str, instances: int, storage: str) -> None:
    found = settings(size, "cloudnative-pg")
    assert (found["instances"], found["storage"]) == (instances, storage)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_what_the_file_says_wins_over_the_size(size: str) -> None:
    assert settings(size, "feast")["memory"] == "768Mi"
    assert "memory" not in shown(CLUSTER.replace("SIZE", size)).get("feast", {})


def test_what_a_size_sets_is_told_and_nothing_else() -> None:
    found = shown(CLUSTER.replace("SIZE", "medium"))
    assert found["feast"] == {"replicas": 2}
    assert found["prometheus"] == {"retention_days": 30, "storage": "50Gi", "memory": "4Gi"}
    assert shown(CLUSTER.replace("SIZE", "small")) == {}


def test_a_laptop_has_no_size() -> None:
    assert defaults_of_size(CATALOG.get("rds"), "service", "large")
    assert defaults_of_size(CATALOG.get("rds"), "machine", "large") == {}
    assert defaults_of_size(CATALOG.get("rds"), "service", "small") == {}


def test_an_environment_has_its_own_size() -> None:
    text = CLUSTER.replace("SIZE", "small") + "environments:\n  prod:\n    deployment: {size: large}\n"
    assert graph_of(text).components["prometheus"].settings["retention_days"] == 15
    assert graph_of(text, environment="prod").components["prometheus"].settings["retention_days"] == 90


def test_services_of_aws_have_sizes_and_what_runs_on_a_machine_has_none() -> None:
    text = (
        "name: churn\nprovider: {name: aws}\ndeployment: {type: TYPE, size: large}\n"
        "stack:\n  experiment_tracker: [mlflow]\n"
    )
    assert settings("", "rds", text.replace("TYPE", "kubernetes"))["instance_class"] == "db.m7g.2xlarge"
    assert settings("", "mlflow", text.replace("TYPE", "kubernetes"))["replicas"] == 3
    assert settings("", "rds", text.replace("TYPE", "cloud_vm"))["instance_class"] == "db.m7g.2xlarge"
    assert settings("", "mlflow", text.replace("TYPE", "cloud_vm"))["replicas"] == 1


def test_the_default_of_a_setting_follows_the_one_that_bounds_it() -> None:
    assert settings("large", "feast")["max_replicas"] == 3
    kafka = "name: churn\nprovider: {name: kubernetes}\ndeployment: {size: SIZE}\nstack:\n  event_streaming: [kafka: {settings: {brokers: 2}}]\n"
    assert settings("large", "kafka", kafka)["copies"] == 2


def test_settings_that_mean_nothing_on_the_target_are_no_advice() -> None:
    text = "name: churn\nstack:\n  pipelining: [zenml: {settings: {colour: red}}]\n"
    with pytest.raises(PlatinfraError) as caught:
        graph_of(text)
    assert [each.hint for each in caught.value.diagnostics] == ["it has no settings"]
    with pytest.raises(PlatinfraError) as caught:
        graph_of(text.replace("stack:", "provider: {name: kubernetes}\nstack:"))
    assert [each.hint for each in caught.value.diagnostics] == ["it has `storage` and `memory`"]
