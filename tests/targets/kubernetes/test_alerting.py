"""Whoever stands in stage `alerting` of a cluster tells somebody."""

from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.template import plain
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import bundle, objects

WEBHOOKS = """\
name: churn
provider: {name: kubernetes}
stack:
  alerting: [mlflow: {settings: SETTINGS}]
"""

PAGED = """\
name: churn
provider: {name: kubernetes}
stack:
  experiment_tracker: [mlflow]
  alerting: [prometheus: {settings: {receiver_secret: pager}}]
"""
WATCHED = PAGED.replace("alerting: [prometheus: {settings: {receiver_secret: pager}}]", "monitoring: [prometheus]")


def values(text: str, release: str) -> Any:
    """Return the values of a release."""
    (found,) = (step.release for step in bundle(text).steps if step.release and step.release.name == release)
    return plain(found.values)


def test_webhooks_of_mlflow_reach_receivers_outside_the_cluster() -> None:
    policy = plain(objects(bundle(WEBHOOKS.replace("SETTINGS", "{}")), "NetworkPolicy")["mlflow"])
    (outside,) = (each for each in policy["spec"]["egress"] if "ipBlock" in each["to"][0])
    assert [each["port"] for each in outside["ports"]] == [443]


def test_mlflow_reads_webhooks_with_a_key_of_people_s_own() -> None:
    given = values(WEBHOOKS.replace("SETTINGS", "{webhook_key_secret: hooks}"), "mlflow")
    assert given["extraSecretNamesForEnvFrom"] == ["mlflow-artifacts", "hooks"]
    assert values(WEBHOOKS.replace("SETTINGS", "{}"), "mlflow")["extraSecretNamesForEnvFrom"] == ["mlflow-artifacts"]


def test_alertmanager_posts_to_the_address_in_a_secret_of_people_s_own() -> None:
    given = values(PAGED, "prometheus")["alertmanager"]
    receivers = {each["name"]: each.get("webhook_configs") for each in given["config"]["receivers"]}
    assert given["alertmanagerSpec"]["secrets"] == ["pager"]
    assert receivers[given["config"]["route"]["receiver"]] == [{"url_file": "/etc/alertmanager/secrets/pager/url"}]
    assert receivers.keys() >= {"null"}


def test_everything_that_prometheus_watches_rings_when_it_does_not_answer() -> None:
    made = bundle(PAGED)
    rules = objects(made, "PrometheusRule")
    assert rules.keys() == objects(made, "PodMonitor").keys() >= {"mlflow", "cloudnative-pg"}
    (rule,) = rules["mlflow"]["spec"]["groups"][0]["rules"]
    series = 'up{namespace="churn", job="churn/mlflow"}'
    assert rule["expr"] == f"{series} == 0 or absent({series})"
    assert rule["labels"]["component"] == "mlflow"


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
def test_strict_schemas_accept_rules(version: str) -> None:
    assert strict([plain(each) for each in bundle(PAGED).objects], version) == []


def test_alerting_without_a_receiver_is_a_mistake() -> None:
    with pytest.raises(PlatinfraError) as caught:
        bundle(PAGED.replace(": {settings: {receiver_secret: pager}}", ""))
    (problem,) = caught.value.diagnostics
    assert problem.code == "missing-setting"
    assert "`receiver_secret`" in problem.message
    assert problem.span is not None
    assert "HTTPS address" in (problem.hint or "")


def test_monitoring_alone_rings_for_nobody_and_needs_no_receiver() -> None:
    given = values(WATCHED, "prometheus")["alertmanager"]
    assert given["alertmanagerSpec"]["secrets"] == []
    assert given["config"]["receivers"][-1] == {"name": "people", "webhook_configs": []}
    assert objects(bundle(WATCHED), "PrometheusRule") == {}
