"""A stack goes into a cluster and out again; kubectl and Helm are real, the API server is a stand-in (tests/kubernetes/api)."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from tests.kubernetes.api import Cluster, cluster
from tests.kubernetes.stacks import TRACKING

FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(which("kubectl") is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(300),
]
NAMESPACE = "churn"


class Stack:
    """A stack file, and a cluster with the operator of databases."""

    def __init__(self, folder: Path, api: Cluster) -> None:
        self.folder, self.api = folder, api
        self.kubeconfig = api.kubeconfig(folder / "kubeconfig")
        api.create(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
                "provisioner": "example.org/disk",
            }
        )
        self.write(TRACKING)

    def write(self, text: str) -> None:
        extra = f"deployment: {{charts: {json.dumps(str(FIXTURES))}}}\n"
        (self.folder / "platinfra.yaml").write_text(text + extra)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        env = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "COLUMNS": "200",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "platinfra", *arguments],
            cwd=self.folder, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, code: int = 0) -> str:
        child = self.start(*arguments)
        out, _ = child.communicate(timeout=200)
        assert child.returncode == code, out
        assert "Traceback" not in out
        return out

    def deployment(self, name: str) -> dict:
        found = self.api.get("Deployment", name, NAMESPACE)
        assert found
        return found


def operate(api: Cluster, ended: threading.Event) -> None:
    """Make databases ready, as the operator of CloudNativePG does."""
    ready = {
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        "phase": "Cluster in healthy state",
    }
    while not ended.wait(0.2):
        for each in api.list("Cluster"):
            if not each.get("status"):
                api.set_status("Cluster", each["metadata"]["name"], ready, each["metadata"]["namespace"])


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with cluster() as api:
        ended = threading.Event()
        operator = threading.Thread(target=operate, args=(api, ended))
        operator.start()
        try:
            yield Stack(tmp_path, api)
        finally:
            ended.set()
            operator.join()


def test_a_stack_goes_up_stays_changes_and_goes_down(stack: Stack) -> None:
    planned = stack.run("plan")
    assert "release mlflow" in planned or "release:mlflow" in planned
    assert stack.api.get("Namespace", NAMESPACE) is None
    stack.run("up")
    assert stack.deployment("mlflow")["spec"]["template"]["spec"]["serviceAccountName"] == "mlflow"
    assert stack.api.get("StatefulSet", "evidently", NAMESPACE)
    assert stack.api.get("Database", "mlflow-backend", NAMESPACE)
    assert len(stack.api.list("PodMonitor", NAMESPACE)) >= 3
    assert "nothing to do" in stack.run("up")
    assert "nothing to do" in stack.run("plan")
    stack.run("down", "--delete-data", "--yes")
    assert stack.api.get("Namespace", NAMESPACE) is None
