"""Jobs by which providers admit their consumers: one for each wire, confined, and without a secret in its pod."""

from pathlib import Path
from typing import Any

import pytest

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import PlatinfraError
from platinfra.document import load_text
from platinfra.model.template import plain
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from platinfra.targets.kubernetes.verbs.stack import bundle_of
from tests.kubernetes.stacks import SEED, TRACKING, bundle

STORE = """\
name: store
summary: Keeps objects.
homepage: https://example.org
license: MIT
provides: [object_store]
secrets: [root]
endpoints:
  http: {port: 9000, ready: /health}
run:
  kubernetes:
    workloads:
      main: {image: "docker.io/example/store:1", endpoints: [http]}
    credentials: {object_store: {password: "${secrets.root}"}}
    admissions:
      object_store:
        image: docker.io/example/store:1
        command: [admit, "${consumer.name}"]
        env: {STORE: "${endpoints.http.url}", ROOT: "GIVEN"}
        secret_env: {KEY: {secret: "${consumer.secret}", key: password}}
        secrets: ["${consumer.secret}"]
        retries: 2
"""
STACK = "name: demo\nprovider: {name: kubernetes}\nstack:\n  object_store: [store]\n  experiment_tracker: [mlflow]\n"


def made(folder: Path, given: str = "x") -> Bundle:
    (folder / "store").mkdir()
    (folder / "store" / "tool.yaml").write_text(STORE.replace("GIVEN", given))
    return bundle_of(resolve(load(load_text(STACK, "platinfra.yaml")), Catalog(folder)))


def jobs(of: Bundle) -> dict[str, Any]:
    found = (each for step in of.steps if step.key.startswith("grant:") for each in step.objects)
    return {each["metadata"]["name"].rpartition("-")[0]: plain(each) for each in found if each["kind"] == "Job"}


def test_it_says_whom_it_admits_and_what_opens_the_provider(tmp_path: Path) -> None:
    job = jobs(made(tmp_path))["mlflow-artifacts-grant"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert job["spec"]["backoffLimit"] == 2
    assert container["command"] == ["admit", "mlflow"]
    assert {"name": "STORE", "value": "http://store.demo.svc.cluster.local:9000"} in container["env"]
    key = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "mlflow-artifacts", "key": "password"}}}
    assert key in container["env"]
    assert container["envFrom"] == [{"secretRef": {"name": "mlflow-artifacts"}}]


@pytest.mark.parametrize("stack", [TRACKING, SEED])
def test_all_of_the_catalog_are_confined_and_selected_as_their_provider(stack: str) -> None:
    of = bundle(stack)
    found = jobs(of)
    assert found
    assert restricted_objects(list(found.values())) == []
    for step in of.steps:
        for each in (each for each in step.objects if each["kind"] == "Job" and step.key.startswith("grant:")):
            assert each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/instance"] == step.component


def test_a_secret_is_no_variable_of_it(tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError, match="secret-in-values"):
        made(tmp_path, given="${secrets.root}")


def test_another_consumer_is_another_job(tmp_path: Path) -> None:
    assert set(jobs(made(tmp_path))) == {"mlflow-artifacts-grant"}
