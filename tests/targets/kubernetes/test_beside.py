"""Containers beside the main one: they start before it, are confined like it, and see the folders that all share."""

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
from platinfra.targets.kubernetes.images import images
from platinfra.targets.kubernetes.rules.known import Known
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from platinfra.targets.kubernetes.verbs.stack import bundle_of
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import objects
from tests.targets.kubernetes.rules.hygiene import careless

STACK = "name: churn\nprovider: {name: kubernetes}\nstack: {model_serving: [server]}\n"
TOOL = """\
name: server
summary: Serves what a follower fetches.
homepage: https://example.org
license: MIT
provides: [model_serving]
requires:
  models: {capability: object_store, access: [read, list]}
settings:
  memory: {type: string, default: 64Mi, help: Memory of the follower.}
secrets: [password]
endpoints:
  http: {port: 8000, ready: /health}
run:
  kubernetes:
    workloads:
      main:
        image: docker.io/example/server:1.0
        endpoints: [http]
        shared: [/models, /state]
        EXCEPTION
        beside:
          follower:
            image: "${image}"
            command: [python, "${folder}/follow.py", "--port=${endpoints.http.port}"]
            env: {STORE_URL: "${models.url}", TOKEN: "GIVEN"}
            credentials: [models]
            writable: [/tmp, /cache]
            ready: /models/list
            startup_seconds: 90
            memory: "${settings.memory}"
          watcher: {image: docker.io/example/watcher:1.0}
"""


@pytest.fixture
def made(tmp_path: Path) -> Bundle:
    return bundle(tmp_path)


def bundle(folder: Path, exception: str = "replicas: 1", given: str = "x") -> Bundle:
    """Return a stack with a tool whose server has two containers beside it."""
    (folder / "server").mkdir()
    (folder / "server" / "tool.yaml").write_text(TOOL.replace("EXCEPTION", exception).replace("GIVEN", given))
    (folder / "server" / "requirements.lock.txt").write_text("")
    catalog = Catalog(folder)
    return bundle_of(resolve(load(load_text(STACK, "platinfra.yaml")), catalog))


def pod(made: Bundle) -> dict[str, Any]:
    return plain(objects(made, "Deployment")["server"])["spec"]["template"]["spec"]


def mounts(container: dict[str, Any]) -> dict[str, str]:
    return {each["mountPath"]: each["name"] for each in container["volumeMounts"]}


def test_they_are_there_as_long_as_the_pod_and_start_first(made: Bundle) -> None:
    follower, watcher = pod(made)["initContainers"]
    assert (follower["name"], watcher["name"]) == ("follower", "watcher")
    assert {follower["restartPolicy"], watcher["restartPolicy"]} == {"Always"}
    assert [each["name"] for each in pod(made)["containers"]] == ["main"]


def test_the_main_container_waits_for_the_file_that_one_makes(made: Bundle) -> None:
    follower, watcher = pod(made)["initContainers"]
    probe = follower["startupProbe"]
    assert probe["exec"] == {"command": ["test", "-e", "/models/list"]}
    assert probe["periodSeconds"] * probe["failureThreshold"] == 90
    assert "startupProbe" not in watcher


def test_only_the_one_that_asks_gets_the_credentials_of_a_wire(made: Bundle) -> None:
    follower, watcher = pod(made)["initContainers"]
    (main,) = pod(made)["containers"]
    assert follower["envFrom"] == [{"secretRef": {"name": "server-models"}}]
    assert watcher["envFrom"] == main["envFrom"] == []
    assert {each["name"]: each["value"] for each in follower["env"]}["STORE_URL"] == "s3://server-objects"
    assert follower["command"][2] == "--port=8000"


def test_all_see_what_is_shared_and_nobody_the_rest_of_another(made: Bundle) -> None:
    follower, watcher = pod(made)["initContainers"]
    (main,) = pod(made)["containers"]
    for path in ("/models", "/state"):
        assert len({mounts(each)[path] for each in (main, follower, watcher)}) == 1
    assert len({mounts(each)["/tmp"] for each in (main, follower, watcher)}) == 3
    assert "/cache" not in {*mounts(main), *mounts(watcher)}
    volumes = {each["name"]: each for each in pod(made)["volumes"]}
    assert len(volumes) == len(pod(made)["volumes"])
    for each in (main, follower, watcher):
        assert all(volumes[name]["emptyDir"] == {} for name in mounts(each).values())


def test_they_are_confined_also_where_the_main_one_has_an_exception(tmp_path: Path) -> None:
    made = bundle(tmp_path, "exceptions: {readOnlyRootFilesystem: it writes everywhere}")
    (main,) = pod(made)["containers"]
    assert main["securityContext"]["readOnlyRootFilesystem"] is False
    for each in pod(made)["initContainers"]:
        assert each["securityContext"] == {**main["securityContext"], "readOnlyRootFilesystem": True}
    assert restricted_objects([plain(each) for each in made.objects]) == []


def test_they_have_what_a_careful_platform_asks_for(made: Bundle) -> None:
    follower, _ = pod(made)["initContainers"]
    assert follower["resources"]["requests"]["memory"] == "64Mi"
    assert follower["resources"]["limits"] == {"memory": "128Mi"}
    found = careless([plain(each) for each in made.objects], known=Known())
    assert [each for each in found if "initContainers" in str(each) and "cpu among its limits" not in str(each)] == []


def test_the_image_that_one_of_them_needs_is_built(made: Bundle) -> None:
    (image,) = images(made.values)
    assert image.tool == "server"
    assert pod(made)["initContainers"][0]["image"] == image.name
    assert pod(made)["containers"][0]["image"] == "docker.io/example/server:1.0"


def test_a_secret_is_no_variable_of_theirs(tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError, match="secret-in-values"):
        bundle(tmp_path, given="${secrets.password}")


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
def test_strict_schemas_accept_them(made: Bundle, version: str) -> None:
    assert strict([plain(each) for each in made.objects], version) == []
