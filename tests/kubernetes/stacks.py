"""Stacks in clusters for tests."""

from platinfra.app.kubernetes.stack import bundle_of
from platinfra.targets.kubernetes.bundle import Bundle
from tests.stacks import CATALOG, resolved

TRACKING = """\
name: churn
provider: {name: kubernetes}
stack:
  experiment_tracker: [mlflow]
  monitoring: [evidently, prometheus]
"""
SEED = """\
name: aws-mlops-stack
provider: {name: aws, account-id: "210987654321"}
deployment: {type: kubernetes}
stack:
  experiment_tracker: [mlflow]
  artifact_tracker: [mlflow]
  alerting: [mlflow]
  orchestrator: [aws-batch]
"""


def bundle(text: str) -> Bundle:
    return bundle_of(resolved(text), CATALOG)


def objects(made: Bundle, kind: str) -> dict[str, dict]:
    """Return the objects of a kind by name."""
    return {each["metadata"]["name"]: each for each in made.objects if each["kind"] == kind}
