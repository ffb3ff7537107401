"""Whoever stands in stage `alerting` of a cluster tells somebody."""

from typing import Any

from tests.kubernetes.stacks import bundle, objects

from platinfra.targets.kubernetes.render import plain

WEBHOOKS = """\
name: churn
provider: {name: kubernetes}
stack:
  alerting: [mlflow: {settings: SETTINGS}]
"""


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
