"""ZenML's server knows the stack: a Job registers it by what the wires tell."""

import json
import os
import runpy
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from platinfra.model.reference import reveal
from platinfra.model.template import plain
from platinfra.targets.local.plan import plan
from tests.kubernetes.stacks import bundle, objects
from tests.stacks import CATALOG, graph_of, machine_for

SCRIPT = CATALOG.folder("zenml") / "register.py"
STACK = """\
name: churn
provider: {name: kubernetes}
deployment: {DEPLOYMENT}
stack:
  pipelining: [zenml]
  orchestrator: [ORCHESTRATOR]
  experiment_tracker: [mlflow]
  model_registry: [mlflow]
  runtime_engine: [ray]
  event_streaming: [kafka]
"""
SEED = """\
name: churn
provider: {name: aws, account-id: "210987654321"}
deployment: {type: kubernetes}
stack: {pipelining: [zenml], orchestrator: [aws-batch], model_registry: [bentoml]}
"""


class Server(ThreadingHTTPServer):
    """Keeps what is registered, as ZenML 0.98 answers: lists by name and type, ids, a token for who logs in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.kept: dict[str, list[dict[str, Any]]] = {"secrets": [], "components": [], "stacks": [], "users": []}


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/login"):
            form = parse_qs(body.decode())
            return self.answer({"access_token": "t"} if form["password"] == ["hidden"] else None)
        kept = self.server.kept[self.path.rsplit("/", 1)[1]]
        kept.append({**json.loads(body), "id": f"id-{len(kept)}"})
        return self.answer(kept[-1])

    def do_PUT(self) -> None:
        kind, name = self.path.split("/")[-2:]
        [found] = [each for each in self.server.kept[kind] if each["id"] == name]
        found.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer(found)

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        kept = self.server.kept[where.path.rsplit("/", 1)[1]]
        self.answer({"items": [each for each in kept if query.items() <= each.items()]})

    def answer(self, body: Any) -> None:
        allowed = body is not None and (self.path.endswith("/login") or self.headers["Authorization"] == "Bearer t")
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def variables(text: str) -> dict[str, str]:
    """Return what the Job's process finds: values, and of Secrets those that platinfra writes."""
    made = bundle(text)
    [job] = [each for name, each in objects(made, "Job").items() if name.startswith("zenml-register")]
    [container] = plain(job)["spec"]["template"]["spec"]["containers"]
    found = {each["name"]: each.get("value", "hidden") for each in container["env"]}
    secrets = plain(objects(made, "Secret"))
    for source in container["envFrom"]:
        found |= {key: str(value) for key, value in secrets[source["secretRef"]["name"]]["stringData"].items()}
    return found


def registered(server: Server, text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Run the script as the Job does; return the components of the stack by their type."""
    run_script(server, variables(text), monkeypatch)
    [stack] = server.kept["stacks"]
    by_id = {(each["type"], each["id"]): each for each in server.kept["components"]}
    return {kind: by_id[kind, ids[0]] for kind, ids in stack["components"].items()}


def run_script(server: Server, told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in {**told, "ZENML_URL": f"http://127.0.0.1:{server.server_port}"}.items():
        monkeypatch.setenv(name, value)
    runpy.run_path(str(SCRIPT), run_name="__main__")


def stack_with(orchestrator: str, deployment: str = "registry: registry.example.org/team") -> str:
    return STACK.replace("ORCHESTRATOR", orchestrator).replace("DEPLOYMENT", deployment)


def test_the_server_gets_the_store_the_tracker_the_registry_and_the_cluster(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registered(server, stack_with("prefect"), monkeypatch)
    assert found["artifact_store"]["flavor"] == "s3"
    assert found["artifact_store"]["configuration"]["path"] == "s3://zenml-objects"
    assert found["artifact_store"]["configuration"]["client_kwargs"] == {
        "endpoint_url": "http://seaweedfs.churn.svc.cluster.local:8333"
    }
    tracker = found["experiment_tracker"]["configuration"]
    assert tracker["tracking_uri"] == "http://mlflow.churn.svc.cluster.local:5000"
    assert found["model_registry"]["flavor"] == "mlflow"
    assert found["container_registry"]["configuration"] == {"uri": "registry.example.org/team"}
    assert found["orchestrator"]["flavor"] == "kubernetes"
    assert found["orchestrator"]["configuration"]["kubernetes_namespace"] == "churn"


def test_credentials_lie_in_secrets_of_the_server_only(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    found = registered(server, stack_with("prefect"), monkeypatch)
    assert found["artifact_store"]["configuration"]["secret"] == "{{artifacts.secret}}"
    kept = {each["name"]: each["values"] for each in server.kept["secrets"]}
    assert kept["artifacts"]["key"] == "zenml-artifacts"
    assert kept["clients"].keys() == {"KAFKA_SASL_PASSWORD", "KAFKA_SSL_CA"}


def test_steps_get_the_variables_of_what_they_may_use(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(server, stack_with("prefect"), monkeypatch)
    [stack] = server.kept["stacks"]
    told = stack["environment"]
    assert told["RAY_ADDRESS"] == "ray://ray-head-svc.churn.svc.cluster.local:10001"
    assert told["KAFKA_BOOTSTRAP_SERVERS"] == "kafka-kafka-bootstrap.churn.svc.cluster.local:9093"
    assert "KAFKA_SASL_PASSWORD" not in told


def test_pipelines_run_on_the_airflow_of_the_stack(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    found = registered(server, stack_with("airflow"), monkeypatch)["orchestrator"]
    assert (found["name"], found["flavor"], found["configuration"]["local"]) == ("airflow", "airflow", False)
    assert found["labels"] == {"url": "http://airflow-api-server.churn.svc.cluster.local:8080"}


def test_steps_on_airflow_are_pods_that_the_namespace_admits(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = registered(server, stack_with("airflow"), monkeypatch)["orchestrator"]["configuration"]
    pod = configuration["operator_args"]
    assert configuration["operator"].endswith("KubernetesPodOperator")
    assert (pod["namespace"], pod["service_account_name"]) == ("churn", "zenml")
    assert pod["labels"] == {"platinfra/component": "zenml"}
    assert pod["security_context"]["runAsNonRoot"]
    assert not pod["container_security_context"]["allowPrivilegeEscalation"]


@pytest.mark.parametrize("orchestrator", ["prefect", "airflow"])
def test_without_a_registry_runs_have_no_image_so_pipelines_run_where_they_are_started(
    orchestrator: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registered(server, stack_with(orchestrator, ""), monkeypatch)
    assert (found["orchestrator"]["name"], found["orchestrator"]["flavor"]) == ("local", "local")
    assert "container_registry" not in found


def test_the_plan_says_what_airflow_needs_to_run_pipelines() -> None:
    [note] = [
        each
        for each in bundle(stack_with("airflow")).values.graph.notes
        if each.startswith("`zenml.orchestrator` and `airflow`: ")
    ]
    assert "`LocalExecutor`" in note


def test_the_plan_says_that_sagemaker_runs_no_pipelines_and_no_wire_promises_it() -> None:
    made = bundle(SEED.replace("orchestrator: [aws-batch]", "runtime_engine: [sagemaker]"))
    [note] = [each for each in made.values.graph.notes if each.startswith("`zenml.orchestrator` and `sagemaker`: ")]
    assert "ZenML's server gets no orchestrator for it" in note
    wires = {(each.name, each.provider) for each in made.values.graph.bindings_of("zenml")}
    assert ("engines", "sagemaker") in wires
    assert ("orchestrator", "sagemaker") not in wires
    told = variables(SEED.replace("orchestrator: [aws-batch]", "runtime_engine: [sagemaker]"))
    assert "SAGEMAKER_ROLE" in told["CLIENT_NAMES"].split(",")


def test_registering_again_changes_what_is_there_and_adds_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(server, stack_with("prefect"), monkeypatch)
    before = {kind: len(each) for kind, each in server.kept.items()}
    server.kept["components"][0]["configuration"] = {"path": "s3://elsewhere"}
    found = registered(server, stack_with("prefect"), monkeypatch)
    assert {kind: len(each) for kind, each in server.kept.items()} == before
    assert found["artifact_store"]["configuration"]["path"] == "s3://zenml-objects"


def test_a_wrong_password_ends_the_job_with_what_the_server_said(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="POST /login: 401"):
        run_script(server, {"ZENML_PASSWORD": "wrong"}, monkeypatch)


def test_zenml_has_no_orchestrator_for_batch_and_steps_get_its_queue() -> None:
    made = bundle(SEED)
    told = variables(SEED)
    assert "ORCHESTRATOR_NAME" not in told
    assert told["AWS_BATCH_JOB_QUEUE"] == told["AWS_BATCH_JOB_DEFINITION"] == "churn-aws-batch"
    assert "AWS_BATCH_JOB_QUEUE" in told["CLIENT_NAMES"].split(",")
    assert any(note.startswith("`zenml.orchestrator` is not bound to `aws-batch`") for note in made.values.graph.notes)
    assert any(note.startswith("`zenml.registry` is not bound to `bentoml`") for note in made.values.graph.notes)


def test_the_job_is_another_one_when_what_it_registers_changes() -> None:
    names = [
        name
        for text in (stack_with("prefect"), stack_with("airflow"))
        for name in objects(bundle(text), "Job")
        if name.startswith("zenml-register")
    ]
    assert len(set(names)) == 2


def test_only_runs_get_a_token_for_the_kubernetes_api() -> None:
    made = bundle(stack_with("prefect"))
    pods = [objects(made, "StatefulSet")["zenml"]]
    pods += [each for name, each in objects(made, "Job").items() if name.startswith("zenml-register")]
    assert not any(each["spec"]["template"]["spec"]["automountServiceAccountToken"] for each in pods)
    assert Path(SCRIPT).read_text() in plain(objects(made, "ConfigMap")["zenml-register-files"])["data"].values()


ON_A_MACHINE = """\
name: churn
stack:
  pipelining: [zenml]
  experiment_tracker: [mlflow]
  model_registry: [mlflow]
"""


def on_a_machine() -> dict[str, str]:
    """Return what the command after the server's start finds in its environment."""
    graph = graph_of(ON_A_MACHINE)
    steps = {each.key: each for each in plan(graph, CATALOG, machine_for(graph)).actions}
    return {name: reveal(text, lambda _: "hidden") for name, text in steps["ready:zenml"].commands[0].env.items()}


def test_on_a_machine_the_server_gets_the_folder_the_tracker_and_the_process_that_starts_a_pipeline(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = on_a_machine()
    run_script(server, told, monkeypatch)
    found = {each["type"]: each for each in server.kept["components"]}
    assert found.keys() == {"artifact_store", "orchestrator", "experiment_tracker", "model_registry"}
    assert (found["artifact_store"]["name"], found["artifact_store"]["flavor"]) == ("directory", "local")
    assert found["artifact_store"]["configuration"]["path"] == told["ARTIFACTS_URL"]
    assert found["orchestrator"]["flavor"] == "local"
    assert found["experiment_tracker"]["configuration"]["tracking_uri"] == told["TRACKER_URL"]
    assert server.kept["secrets"] == []


def test_on_a_machine_code_gets_a_login_that_is_no_administrator_s(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        run_script(server, on_a_machine(), monkeypatch)
    [user] = server.kept["users"]
    assert (user["name"], user["password"], user["is_admin"]) == ("clients", "hidden", False)


def test_in_a_cluster_nobody_but_the_administrator_has_a_login(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(server, stack_with("prefect"), monkeypatch)
    assert server.kept["users"] == []
