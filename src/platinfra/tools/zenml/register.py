"""
Registers the stack in the ZenML server, by what the wires tell: run as a Job of a cluster, or after the server's start on
a machine, and again whenever one of them changes.

Everything comes from the environment. It asks the server's REST API, as ZenML's own client does, and makes what is
missing or brings it up to date, so that it may run any number of times.
"""

import json
import os
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

_PATIENCE = 600
"""Seconds that the server may take until it answers."""
_PAUSE = 3
_TIMEOUT = 30
_CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "fsGroup": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
Component = dict[str, Any]


def given(name: str) -> str:
    """Return a variable; an empty text when the wire behind it is unbound."""
    return os.environ.get(name, "")


class Server:
    """The REST API of a ZenML server."""

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/api/v1"
        self._token = ""

    def login(self, username: str, password: str) -> None:
        """Get a token; the server may still be starting."""
        form = urlencode({"username": username, "password": password}).encode()
        self._token = _patiently(lambda: self._ask("POST", "/login", form))["access_token"]

    def put(self, kind: str, body: dict[str, Any]) -> str:
        """Make something with a name, or bring it up to date; return its id."""
        query = f"?name={quote(body['name'])}" + (f"&type={body['type']}" if "type" in body else "")
        found = self._ask("GET", f"/{kind}{query}")["items"]
        if not found:
            return str(self._ask("POST", f"/{kind}", body)["id"])
        asked = {name: value for name, value in body.items() if name not in {"type", "flavor"}}
        self._ask("PUT", f"/{kind}/{found[0]['id']}", asked)
        return str(found[0]["id"])

    def admit(self, name: str, password: str) -> None:
        """Make a user who is no administrator, unless there is one of that name."""
        if not self._ask("GET", f"/users?name={quote(name)}")["items"]:
            user = {"name": name, "password": password, "is_admin": False, "active": True}
            self._ask("POST", "/users", user)

    def _ask(self, method: str, path: str, body: dict[str, Any] | bytes | None = None) -> Any:
        form = isinstance(body, bytes)
        headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(self._url + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=_TIMEOUT) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            if error.code >= 500:
                raise
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:500]}") from None


def _patiently(ask: Any) -> Any:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask()
        except (URLError, HTTPException, OSError) as error:
            if time.monotonic() > end:
                raise SystemExit(f"the server does not answer: {error}") from None
            time.sleep(_PAUSE)


def artifact_store(secret: bool) -> Component:
    """Return the artifact store: the object store of the stack."""
    configuration: dict[str, Any] = {"path": given("ARTIFACTS_URL")}
    flavor = "s3" if given("ARTIFACTS_URL").startswith("s3://") else "local"
    if endpoint := given("ARTIFACTS_ENDPOINT"):
        configuration["client_kwargs"] = {"endpoint_url": endpoint}
    if secret:
        configuration |= {"key": "{{artifacts.key}}", "secret": "{{artifacts.secret}}"}
    return {"name": given("ARTIFACTS_NAME"), "type": "artifact_store", "flavor": flavor, "configuration": configuration}


def orchestrator() -> Component:
    """Return the orchestrator: where a pipeline is started without a place for images, else Airflow or the cluster."""
    if not images_url():
        return {"name": "local", "type": "orchestrator", "flavor": "local", "configuration": {}, "labels": {}}
    url = given("ORCHESTRATOR_URL")
    flavor, configuration = ("airflow", on_airflow()) if url else ("kubernetes", in_the_cluster())
    told = {"url": url, "arn": given("ORCHESTRATOR_ARN")}
    labels = {key: value for key, value in told.items() if value}
    name = given("ORCHESTRATOR_NAME") or flavor
    return {"name": name, "type": "orchestrator", "flavor": flavor, "configuration": configuration, "labels": labels}


def images_url() -> str:
    """Return where images are kept: in the registry of the cloud, or in the one that the stack file names."""
    return given("IMAGES_URL") or given("OWN_IMAGES_URL")


def on_airflow() -> dict[str, Any]:
    """Return how tasks of Airflow start the pods of steps; ZenML's own default is a Docker daemon, which no pod has."""
    return {
        "local": False,
        "operator": "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator",
        "operator_args": {
            "in_cluster": True,
            "namespace": given("NAMESPACE"),
            "service_account_name": given("ACCOUNT"),
            "labels": pod_labels(),
            "security_context": _POD_SECURITY,
            "container_security_context": _CONTAINER_SECURITY,
        },
    }


def in_the_cluster() -> dict[str, Any]:
    """Return how pods of runs are: confined as the namespace asks, and known to its network policies."""
    account = given("ACCOUNT")
    pods: dict[str, Any] = {
        "labels": pod_labels(),
        "container_security_context": _CONTAINER_SECURITY,
        "additional_pod_spec_args": {"security_context": _POD_SECURITY},
    }
    # The pod that starts those of the steps asks the Kubernetes API, so it alone has a token.
    starter = {**pods["additional_pod_spec_args"], "automount_service_account_token": True}
    return {
        "incluster": True,
        "kubernetes_namespace": given("NAMESPACE"),
        "service_account_name": account,
        "step_pod_service_account_name": account,
        "pod_settings": pods,
        "orchestrator_pod_settings": {**pods, "additional_pod_spec_args": starter},
    }


def pod_labels() -> dict[str, str]:
    """Return the labels by which network policies know the pods of runs."""
    return {"platinfra/component": given("ACCOUNT")}


def container_registry() -> Component | None:
    """Return where images of runs are kept; None where the stack knows of no registry."""
    url = images_url()
    if not url:
        return None
    host, _, repository = url.partition("/")
    made = {"name": given("IMAGES_NAME") or "images", "type": "container_registry"}
    if given("IMAGES_NAME"):  # ECR: a repository that exists, in a registry that is a host alone
        return {**made, "flavor": "aws", "configuration": {"uri": host, "default_repository": repository}}
    return {**made, "flavor": "default", "configuration": {"uri": url}}


def tracking() -> list[Component]:
    """Return experiment tracker and model registry: ZenML finds the models by the tracker's address."""
    name, url = given("TRACKER_NAME") or given("REGISTRY_NAME"), given("TRACKER_URL") or given("REGISTRY_URL")
    if not url:
        return []
    # ZenML insists on a login at any other address than its own machine's; the stack's MLflow has none, and ignores it.
    configuration = {"tracking_uri": url, "tracking_username": "none", "tracking_password": "none"}
    made = {"name": name, "flavor": "mlflow"}
    found = [{**made, "type": "experiment_tracker", "configuration": configuration}]
    if given("REGISTRY_URL"):
        found.append({**made, "name": given("REGISTRY_NAME"), "type": "model_registry", "configuration": {}})
    return found


def environment(names: str) -> dict[str, str]:
    """Return those variables of the stack's clients that steps get too."""
    return {name: given(name) for name in names.split(",") if given(name)}


def register(server: Server) -> str:
    """Bring the stack up to date; return what it is, in a sentence."""
    key, secret = given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")
    if key:
        server.put("secrets", {"name": "artifacts", "values": {"key": key, "secret": secret}})
    hidden = environment(given("CLIENT_SECRETS"))
    secrets = [server.put("secrets", {"name": "clients", "values": hidden})] if hidden else []
    components = [artifact_store(bool(key)), orchestrator(), *tracking()]
    if images := container_registry():
        builder = {"name": "local", "type": "image_builder", "flavor": "local", "configuration": {}}
        components += [images, builder]
    ids = {each["type"]: [server.put("components", each)] for each in components}
    stack = {"name": given("STACK"), "components": ids, "environment": environment(given("CLIENT_NAMES"))}
    server.put("stacks", {**stack, **({"secrets": secrets} if secrets else {})})
    return f"{stack['name']}: " + ", ".join(f"{each['type']} {each['name']} ({each['flavor']})" for each in components)


if __name__ == "__main__":
    zenml = Server(given("ZENML_URL"))
    zenml.login(given("ZENML_USER"), given("ZENML_PASSWORD"))
    if password := given("CLIENTS_PASSWORD"):
        zenml.admit("clients", password)
    print(register(zenml))
