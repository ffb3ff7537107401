"""What the size of a deployment makes of the objects in a cluster, and where people see that."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from platinfra.app.explain import explain
from platinfra.cli.main import cli
from platinfra.model.template import plain
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import EVERYTHING, bundle, objects

FEATURES = """\
name: churn
provider: {name: kubernetes}
deployment: {size: SIZE}
stack:
  feature_store: [feast: {settings: {SETTINGS}}]
  monitoring: [evidently, prometheus]
"""


def features(size: str, settings: str = "replicas: 1") -> str:
    return FEATURES.replace("SIZE", size).replace("SETTINGS", settings)


def template(each: dict[str, Any]) -> dict[str, Any]:
    return each["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("size", "memory", "storage", "instances"),
    [("small", "512Mi", "10Gi", 1), ("medium", "1Gi", "20Gi", 2), ("large", "2Gi", "50Gi", 3)],
)
def test_a_size_is_what_the_objects_say(size: str, memory: str, storage: str, instances: int) -> None:
    made = bundle(features(size, "project: churn"))
    feast, evidently = objects(made, "Deployment")["feast"], objects(made, "StatefulSet")["evidently"]
    assert template(feast)["containers"][0]["resources"]["requests"]["memory"] == memory
    assert feast["spec"]["replicas"] == instances
    assert evidently["spec"]["replicas"] == 1
    (claim,) = evidently["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == storage
    assert objects(made, "Cluster")["cloudnative-pg"]["spec"]["instances"] == instances


@needs_crds
@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_strict_schemas_accept_every_object_of_every_size(size: str) -> None:
    text = EVERYTHING.replace("stack:", f"deployment: {{size: {size}}}\nstack:", 1)
    assert strict([plain(each) for each in bundle(text).objects], VERSIONS[-1]) == []


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., str]:
    def run(text: str, *options: str) -> str:
        file = tmp_path / "platinfra.yaml"
        file.write_text(text)
        ended = CliRunner().invoke(cli, ["plan", str(file), "--offline", *options])
        assert ended.exit_code == 0, ended.output
        return ended.output

    return run


def test_a_plan_says_what_the_size_set(told: Callable[..., str]) -> None:
    (line,) = [each for each in told(features("medium", "replicas: 5")).splitlines() if "size medium:" in each]
    assert "evidently.storage 20Gi" in line
    assert "cloudnative-pg.instances 2" in line
    assert "feast.replicas" not in line
    data = json.loads(told(features("medium"), "--json"))
    assert data["size"] == "medium"
    assert data["set_by_size"]["prometheus.retention_days"] == 30


def test_a_plan_says_that_a_size_set_nothing(told: Callable[..., str]) -> None:
    assert "size small: changes nothing here" in told(features("small"))
    assert "size" not in told(features("small").replace("deployment: {size: small}\n", ""))


def test_the_explanation_of_a_setting_has_its_sizes() -> None:
    assert "default 1, medium 2, large 3" in explain("feast.replicas")
    assert "medium 50Gi, large 200Gi" in explain("prometheus")
