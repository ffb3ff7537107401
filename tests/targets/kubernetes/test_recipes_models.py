"""Recipes of tools without a maintained chart: what runs is ours, and the graph decides what it reaches and knows."""

import json

import pytest

from platinfra.model.template import plain
from platinfra.targets.kubernetes import clients
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.images import images
from platinfra.targets.kubernetes.plan import problems
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import MODELS, MODELS_ON_AWS, SEED, bundle, objects
from tests.targets.kubernetes.test_network import reached, wired

STACKS = {"cluster": MODELS, "aws": MODELS_ON_AWS}
BUILT = {
    "nvidia-triton",
    "bentoml",
    "fastapi",
    "luigi",
    "mlflow-serving",
    "mlserver",
    "nannyml",
    "optuna",
    "tensorflow-serving",
}


def plainly(made: Bundle) -> list[dict]:
    return [plain(each) for each in made.objects]


def container(made: Bundle, kind: str, name: str) -> dict:
    spec = plain(objects(made, kind)[name])["spec"]
    pods = spec["jobTemplate"]["spec"] if kind == "CronJob" else spec
    return pods["template"]["spec"]["containers"][0]


def env(found: dict) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in found["env"]}


def release(made: Bundle, chart: str) -> dict:
    return plain(next(each for each in made.releases if each.chart == chart).values)


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", STACKS)
def test_strict_schemas_accept_every_object(name: str, version: str) -> None:
    assert strict(plainly(bundle(STACKS[name])), version) == []


@pytest.mark.parametrize("name", STACKS)
def test_every_pod_is_restricted_and_breaks_no_rule(name: str) -> None:
    made = bundle(STACKS[name])
    assert restricted_objects(plainly(made)) == []
    kinds = frozenset({"monitoring.coreos.com/v1/PodMonitor"})
    assert [each.message for each in problems(made, {}, kinds) if each.code == "object-refused"] == []


@pytest.mark.parametrize("name", STACKS)
def test_components_reach_each_other_exactly_along_their_wires(name: str) -> None:
    made = bundle(STACKS[name])
    assert reached(made, plainly(made)) == wired(made)


@pytest.mark.parametrize("name", STACKS)
def test_their_images_are_built_and_their_files_cannot_be_written(name: str) -> None:
    made = bundle(STACKS[name])
    assert {each.tool for each in images(made.values)} == BUILT
    pods = [
        each
        for each in made.objects
        if each["kind"] in {"Deployment", "StatefulSet"} and each["metadata"]["name"] in BUILT
    ]
    assert len(pods) == len(BUILT)
    for each in pods:
        main = each["spec"]["template"]["spec"]["containers"][0]
        assert main["securityContext"]["readOnlyRootFilesystem"]
        assert main["readinessProbe"]["httpGet"]["path"].startswith("/")


def test_the_seed_stack_on_aws_has_its_registry_and_its_monitoring() -> None:
    made = bundle(SEED)
    assert {"bentoml", "nannyml"} <= objects(made, "Deployment").keys()
    assert "nannyml-look" in objects(made, "CronJob")


@pytest.mark.parametrize(
    ("name", "url"), [("cluster", "s3://bentoml-objects"), ("aws", "s3://models-s3-210987654321/bentoml")]
)
def test_a_registry_knows_its_own_place_in_the_object_store(name: str, url: str) -> None:
    found = container(bundle(STACKS[name]), "Deployment", "bentoml")
    assert env(found)["STORE_URL"] == url
    assert {"secretRef": {"name": "bentoml-store"}} in found["envFrom"]


def test_looks_at_data_know_the_tracker_and_the_desk_does_not() -> None:
    made = bundle(MODELS)
    look, desk = container(made, "CronJob", "nannyml-look"), container(made, "Deployment", "nannyml")
    assert env(look)["MLFLOW_TRACKING_URI"].startswith("http://mlflow.")
    assert "MLFLOW_TRACKING_URI" not in env(desk)
    assert objects(made, "CronJob")["nannyml-look"]["spec"]["schedule"] == "0 * * * *"


@pytest.mark.parametrize("tool", ["fastapi", "mlflow-serving"])
def test_model_servers_ask_the_registry_that_they_are_wired_to(tool: str) -> None:
    found = container(bundle(MODELS), "Deployment", tool)
    assert env(found)["MLFLOW_TRACKING_URI"].startswith("http://mlflow.")
    assert "--model=wine" in found["command"]
    assert "--host=0.0.0.0" in found["command"]


@pytest.mark.parametrize(
    "tool",
    ["bentoml", "fastapi", "luigi", "mlflow-serving", "mlserver", "nannyml", "nvidia-triton", "tensorflow-serving"],
)
def test_prometheus_is_told_where_their_metrics_are(tool: str) -> None:
    monitors = objects(bundle(MODELS), "PodMonitor")
    assert tool in monitors


def test_trials_need_no_password_of_the_database() -> None:
    made = bundle(MODELS)
    assert clients.env(made.values.graph.components["argo-workflows"], made.values)["OPTUNA_STORAGE"].endswith(":13000")
    (hidden,) = (each for each in container(made, "Deployment", "optuna")["env"] if each["name"] == "DATABASE_URL")
    assert hidden["valueFrom"]["secretKeyRef"]["name"] == "optuna-env"


def test_artifacts_of_workflows_go_to_the_store_in_the_cluster_without_tls() -> None:
    store = release(bundle(MODELS), "argo-workflows")["artifactRepository"]["s3"]
    assert store["endpoint"] == "seaweedfs.models.svc.cluster.local:8333"
    assert store["insecure"].split()[0] == "true"
    assert store["bucket"] == "argo-workflows-objects"


def test_artifacts_of_workflows_go_to_amazon_with_the_role_of_the_pod() -> None:
    made = bundle(MODELS_ON_AWS)
    store = release(made, "argo-workflows")["artifactRepository"]["s3"]
    assert not {"endpoint", "insecure"} & store.keys()
    assert store["useSDKCreds"] is True
    assert store["bucket"] == "models-s3-210987654321"
    binding = made.values.binding("argo-workflows", "artifacts")
    assert store["keyFormat"].startswith(f"{made.values.attribute(binding, 'prefix')}/")
    defaults = release(made, "argo-workflows")["controller"]["workflowDefaults"]["spec"]
    assert defaults["serviceAccountName"] == "argo-workflows"


@pytest.mark.parametrize("name", STACKS)
def test_jobs_of_spark_have_one_account_which_is_that_of_the_component(name: str) -> None:
    made = bundle(STACKS[name])
    assert [each for each in objects(made, "ServiceAccount") if each.startswith("spark")] == ["spark"]
    (subject,) = objects(made, "RoleBinding")["spark"]["subjects"]
    assert subject["name"] == "spark"


def test_jobs_of_spark_find_keys_and_store_in_the_variables_of_one_secret() -> None:
    made = bundle(MODELS)
    secret = objects(made, "Secret")["spark-artifacts"]["stringData"]
    site = objects(made, "ConfigMap")["spark-hadoop"]["data"]["core-site.xml"]
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} <= secret.keys()
    assert "<value>${env.AWS_ENDPOINT_URL:-}</value>" in site
    assert "AWS_ENDPOINT_URL" not in objects(bundle(MODELS_ON_AWS), "Secret")["spark-artifacts"]["stringData"]


@pytest.mark.parametrize(
    ("name", "endpoint"), [("cluster", "http://seaweedfs.models.svc.cluster.local:8333"), ("aws", None)]
)
def test_flows_find_the_object_store_and_the_account_of_their_steps(name: str, endpoint: str | None) -> None:
    made = bundle(STACKS[name])
    settings = plain(objects(made, "ConfigMap")["metaflow-settings"])["data"]
    assert settings.get("METAFLOW_S3_ENDPOINT_URL") == endpoint
    assert settings["METAFLOW_KUBERNETES_SERVICE_ACCOUNT"] in objects(made, "ServiceAccount")
    assert set(settings["METAFLOW_KUBERNETES_SECRETS"].split(",")) <= objects(made, "Secret").keys()
    label, _, value = settings["METAFLOW_KUBERNETES_LABELS"].partition("=")
    assert objects(made, "NetworkPolicy")["metaflow"]["spec"]["podSelector"]["matchLabels"] == {label: value}


def test_steps_of_flows_are_confined_as_the_namespace_asks() -> None:
    made = bundle(MODELS)
    (asked,) = objects(made, "ConfigMap")["metaflow-settings"]["data"]["METAFLOW_DEFAULT_DECOSPECS"].split()
    context = json.loads(asked.removeprefix("kubernetes:security_context="))
    assert context["run_as_non_root"] is True
    assert context["allow_privilege_escalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert (
        objects(made, "Namespace")["models"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    )
