"""`up` waits for pods that operators make; the API server is a stand-in, in which the operators are too."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.api import cluster
from tests.kubernetes.programs import KUBECTL
from tests.targets.kubernetes.test_lifecycle import NAMESPACE, Stack, eventually

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(300),
]
TEXT = "name: churn\nprovider: {name: kubernetes}\nstack: {monitoring: [prometheus]}\n"
RAY = "name: churn\nprovider: {name: kubernetes}\nstack: {runtime_engine: [ray]}\n"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with cluster() as api:
        found = Stack(tmp_path, api)
        found.write(TEXT)
        yield found


def looks(stack: Stack, plural: str) -> int:
    """Return how often somebody looked at an object of a kind."""
    return sum(method == "GET" and f"/{plural}/" in path for method, path in list(stack.api.seen))


def health(stack: Stack, component: str, *, code: int) -> tuple[str, str]:
    found = json.loads(stack.run("status", "--json", code=code))["components"]
    return next((each["health"], each["detail"]) for each in found if each["name"] == component)


@pytest.mark.parametrize(
    ("text", "kind", "name", "component"),
    [
        (TEXT, "Prometheus", "prometheus", "prometheus"),
        (TEXT, "Alertmanager", "prometheus", "prometheus"),
        (RAY, "RayCluster", "ray", "ray"),
    ],
    ids=["Prometheus", "Alertmanager", "RayCluster"],
)
def test_up_ends_once_the_pods_of_an_operator_are_ready(
    stack: Stack, text: str, kind: str, name: str, component: str
) -> None:
    stack.write(text)
    stack.api.become(kind, name, "pending")
    plural = f"{kind.lower()}{'es' if kind == 'Prometheus' else 's'}"
    child = stack.start("up")
    eventually(lambda: looks(stack, plural) > 3 or child.poll() is not None)
    assert child.poll() is None, "it waits"
    assert health(stack, component, code=1)[0] == "failed"
    stack.api.become(kind, name, "ready")
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0, out
    assert health(stack, component, code=0) == ("healthy", "")
    assert "nothing to do" in stack.run("up")


@pytest.mark.slow  # half a minute: whoever set the limit may just be changing it
def test_up_says_why_the_pod_of_an_operator_never_starts(stack: Stack) -> None:
    stack.api.become("Prometheus", "prometheus", "refused")
    out = stack.run("up", code=1)
    assert "error[not-ready]: Prometheus churn/prometheus failed: NoPodReady" in out
    assert "exceeded quota: small, requested: memory=2Gi" in out
    assert health(stack, "prometheus", code=1)[0] == "starting"
    stack.api.become("Prometheus", "prometheus", "ready")
    stack.run("up")
    assert stack.api.get("StatefulSet", "prometheus-prometheus", NAMESPACE)
    stack.run("down")
    assert stack.api.get("StatefulSet", "prometheus-prometheus", NAMESPACE) is None
