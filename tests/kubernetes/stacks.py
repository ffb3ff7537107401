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


EVERYTHING = """\
name: everything
provider: {name: kubernetes}
stack:
  data_versioning: [dvc, lakefs]
  experiment_tracker: [mlflow]
  model_registry: [mlflow]
  pipelining: [prefect, zenml]
  orchestrator: [airflow]
  runtime_engine: [ray, spark]
  model_serving: [nvidia-triton]
  monitoring: [evidently, prometheus, grafana]
  feature_store: [feast]
  notebook: [jupyterhub: {settings: {organization: acme}}]
"""
