"""`type: kind` from nothing to nothing: kind and the container engine are stand-ins that note what they are asked."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.test_made_clusters import STAND_IN, asked
from tests.kubernetes.api import cluster
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import TRACKING
from tests.targets.kubernetes.test_lifecycle import NAMESPACE, Stack, operated

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(300),
]
ENGINE = """#!{python}
import pathlib, sys
with (pathlib.Path({folder!r}) / "engine").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
sys.exit(sys.argv[1:3] == ["image", "inspect"])
"""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    programs = {"PLATINFRA_KIND": STAND_IN, "PLATINFRA_CONTAINER_ENGINE": ENGINE}
    with cluster() as api, operated(api):
        made = Stack(tmp_path, api)
        config = json.dumps(made.kubeconfig.read_text())
        for name, template in programs.items():
            path = tmp_path / name.lower()
            text = template.replace(
                'write_text("a kubeconfig")', f"write_text({config.replace('{', '{{').replace('}', '}}')})"
            )
            path.write_text(text.format(python=sys.executable, folder=str(tmp_path)))
            path.chmod(0o755)
            monkeypatch.setenv(name, str(path))
        made.kubeconfig.write_text("{}")  # the user's own leads nowhere
        made.write(TRACKING, type="kind")
        yield made


def test_up_makes_the_cluster_loads_what_it_builds_and_down_deletes_it(stack: Stack) -> None:
    assert "`up` has not created the kind cluster yet" in stack.run("plan")
    assert not (stack.folder / "clusters.json").exists()
    assert "creating a kind cluster" in stack.run("up")
    assert stack.api.get("StatefulSet", "evidently", NAMESPACE)
    loaded = [line for line in asked(stack.folder) if line.startswith("load")]
    assert len(loaded) == 1
    assert "evidently" in loaded[0]
    assert any(line.startswith("build --tag") for line in (stack.folder / "engine").read_text().splitlines())
    assert "nothing to do" in stack.run("up")
    assert [line for line in asked(stack.folder) if line.startswith(("load", "create"))] == [
        line for line in asked(stack.folder) if line.startswith("create")
    ] + loaded
    assert "mlflow" in stack.run("status", code=1)  # nobody makes the database's pods here
    assert f"--kubeconfig {stack.folder}" in stack.run("open", "mlflow", "--print")
    stack.run("down", "--delete-data", "--yes")
    assert json.loads((stack.folder / "clusters.json").read_text()) == []
    assert os.listdir(stack.folder / ".platinfra") == [".gitignore"]
    assert "nothing was running" in stack.run("down")


@pytest.mark.slow
def test_an_interrupted_start_is_begun_anew(stack: Stack) -> None:
    root = stack.folder / ".platinfra" / "default"
    root.mkdir(parents=True, mode=0o700)
    (stack.folder / "clusters.json").write_text('["platinfra-churn"]')
    notes = {"program": "kind", "name": "platinfra-churn", "ready": False, "images": []}
    (root / "cluster.json").write_text(json.dumps(notes))
    assert "interrupted" in stack.run("up")
    assert [line.partition(" ")[0] for line in asked(stack.folder)[:3]] == ["get", "delete", "create"]
    stack.run("down", "--delete-data", "--yes")
    assert json.loads((stack.folder / "clusters.json").read_text()) == []


def test_what_is_left_of_a_start_goes_without_the_stack_file(stack: Stack) -> None:
    root = stack.folder / ".platinfra" / "default"
    kind = stack.folder / "platinfra_kind"
    first, _, rest = (working := kind.read_text()).partition("\n")
    kind.write_text(f"{first}\nimport sys\nif sys.argv[1] == 'create': sys.exit('no space is left')\n{rest}")
    stack.run("up", code=1)
    assert json.loads((root / "state.json").read_text())["target"] == "kubernetes"
    kind.write_text(working)
    (stack.folder / "clusters.json").write_text('["platinfra-churn"]')
    (stack.folder / "platinfra.yaml").unlink()
    stack.run("down", "--delete-data", "--yes")
    assert json.loads((stack.folder / "clusters.json").read_text()) == []


def test_nothing_is_made_when_a_chart_cannot_be_had(stack: Stack) -> None:
    stack.write(TRACKING.replace("name: churn", "name: churn"), type="kind", charts="/nowhere")
    assert "error[" in stack.run("up", code=2)
    assert not (stack.folder / "clusters.json").exists()
