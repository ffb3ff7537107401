"""Stacks in clusters for tests."""

from platinfra.model import targets
from platinfra.targets.kubernetes.bundle import Bundle
from tests.stacks import resolved

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
  model_registry: [bentoml]
  monitoring: [nannyML]
"""


def bundle(text: str) -> Bundle:
    found = resolved(text)
    return targets.get(found.graph.target).bundle(found)


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
  notebook: [jupyterhub]
  sign_in: [github: {settings: {organization: acme}}]
"""
ROUTED = """\
name: churn
provider: {name: kubernetes}
deployment:
  routes:
    domain: ml.example.org
    hosts: {mlflow: experiments.example.org}
    tls: {issuer: letsencrypt}
stack:
  experiment_tracker: [mlflow]
  monitoring: [evidently, prometheus, grafana]
"""
GITHUB = "  sign_in: [github: {settings: {organization: acme, team: data, admin_team: platform}}]\n"
OIDC = """\
  sign_in:
    - oidc:
        settings:
          issuer: https://id.example.org:8443/realms/ml
          authorize_url: https://id.example.org:8443/realms/ml/auth
          token_url: https://id.example.org:8443/realms/ml/token
          userinfo_url: https://id.example.org:8443/realms/ml/userinfo
          group: data
          admin_group: platform
"""


def routed(text: str, routes: str) -> str:
    """Return a stack with other routes: a text in YAML's flow style."""
    before, _, after = text.partition("deployment:\n")
    return f"{before}deployment: {{routes: {routes}}}\n{after[after.index('stack:') :]}"


MODELS = """\
name: models
provider: {name: kubernetes}
stack:
  experiment_tracker: [mlflow, optuna]
  model_registry: [mlflow]
  pipelining: [luigi, metaflow]
  orchestrator: [argo-workflows]
  runtime_engine: [spark]
  model_serving:
    - bentoml
    - fastapi: {settings: {model: wine}}
    - mlflow-serving: {settings: {model: wine}}
    - mlserver
    - nvidia-triton: {settings: {gpus: 1}}
    - tensorflow-serving
  monitoring:
    - nannyml: {bind: {tracker: mlflow}}
    - prometheus
"""
MODELS_ON_AWS = MODELS.replace(
    "provider: {name: kubernetes}\n",
    'provider: {name: aws, account-id: "210987654321"}\ndeployment: {type: kubernetes}\n',
)
