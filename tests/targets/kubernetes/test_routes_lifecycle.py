"""A stack with hosts and a sign-in goes into a cluster and out again; kubectl and Helm are real, the API server a stand-in."""

import json

import pytest
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import TRACKING, bundle
from tests.targets.kubernetes.test_lifecycle import FIXTURES, NAMESPACE, OURS, Stack, stack

from platinfra.drivers.kubectl import Kubectl
from platinfra.targets.kubernetes.routes import GATEWAY
from platinfra.targets.kubernetes.verbs.routes import conflicts

__all__ = ["stack"]
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(300),
]
SIGN_IN = "  sign_in: [github: {settings: {organization: acme}}]\n"


def write(stack: Stack, text: str, routes: str) -> None:
    deployment = f"deployment: {{charts: {json.dumps(str(FIXTURES))}, routes: {routes}}}\n"
    (stack.folder / "platinfra.yaml").write_text(text + deployment)


def make(stack: Stack, kind: str, name: str, **content: object) -> None:
    more = {"namespace": NAMESPACE} if kind == "Secret" else {"labels": OURS}
    stack.api.create({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **more}, **content})


@pytest.mark.slow
def test_a_stack_with_hosts_goes_up_loses_its_sign_in_and_goes_down(stack: Stack) -> None:
    make(stack, "Namespace", NAMESPACE)
    make(stack, "Secret", "sign-in", data={"client-id": "YQ==", "client-secret": "YQ=="})
    write(stack, TRACKING + SIGN_IN, "{domain: ml.localhost}")
    stack.run("up")
    assert stack.deployment("mlflow-sign-in")
    listeners = stack.api.get("Gateway", GATEWAY, NAMESPACE)["spec"]["listeners"]  # type: ignore[index]
    assert {each["hostname"] for each in listeners} == {
        f"{each}.ml.localhost" for each in ("mlflow", "evidently", "prometheus")
    }
    assert [each["metadata"]["name"] for each in stack.api.list("GatewayClass")] == [NAMESPACE]
    assert "nothing to do" in stack.run("up")
    told = {each["name"]: each["address"] for each in json.loads(stack.run("status", "--json", code=1))["components"]}
    assert told["mlflow"] == "http://mlflow.ml.localhost"
    assert stack.run("open", "mlflow", "--print").strip() == "http://mlflow.ml.localhost"
    write(stack, TRACKING, "{hosts: {mlflow: ml.localhost}}")
    stack.run("up", "--yes")
    assert stack.api.get("Deployment", "mlflow-sign-in", NAMESPACE) is None
    assert stack.api.get("HTTPRoute", "evidently", NAMESPACE) is None
    backend = stack.api.get("HTTPRoute", "mlflow", NAMESPACE)["spec"]["rules"][0]["backendRefs"][0]  # type: ignore[index]
    assert backend["name"] == "mlflow"
    stack.run("down", "--delete-data", "--yes")
    assert stack.api.list("GatewayClass") == []


def test_kubectl_tells_what_a_cluster_lacks_and_which_hosts_are_taken(stack: Stack) -> None:
    made = bundle(TRACKING + SIGN_IN + "deployment: {routes: {domain: ml.example.org, tls: {issuer: letsencrypt}}}\n")
    real = Kubectl(None, stack.kubeconfig)
    assert {each.code for each in conflicts(made, real)} == {"missing-secret", "missing-issuer"}
    make(stack, "Namespace", NAMESPACE)
    make(stack, "Secret", "sign-in", data={"client-id": "YQ==", "client-secret": "YQ=="})
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {
        "host": "mlflow.ml.example.org",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    meta = {"name": "web", "namespace": "default"}
    stack.api.create(
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {"rules": [rule]}}
    )
    assert {each.code for each in conflicts(made, real)} == {"missing-issuer", "host-taken"}
    plain = bundle(TRACKING + SIGN_IN + "deployment: {routes: {domain: ml.localhost}}\n")
    assert list(conflicts(plain, real)) == []
