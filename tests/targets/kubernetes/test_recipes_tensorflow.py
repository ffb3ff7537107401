"""TensorFlow Serving: what is in the object store is in the folder that it looks into, and in the list that it reads."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platinfra.model.template import plain
from tests.kubernetes.stacks import MODELS, MODELS_ON_AWS, bundle, objects
from tests.targets.kubernetes.test_recipes_stores import TOOLS, module

pytestmark = pytest.mark.live  # they start a stand-in for S3

stored = module("_packages", "model_server.objects")
follow = module("tensorflow-serving", "follow")
STACKS = {"cluster": MODELS, "aws": MODELS_ON_AWS}
LATER = 3600.0


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return an empty place: a folder, or a prefix of a bucket beside somebody else's."""
    if request.param == "folder":
        return stored.objects_at(str(tmp_path / "store"))
    url = request.getfixturevalue("bucket")
    stored.objects_at(f"{url}/{tmp_path.name}-other").write("stranger/1/saved_model.pb", b"")
    return stored.objects_at(f"{url}/{tmp_path.name}")


@pytest.fixture
def folder(tmp_path: Path) -> stored.Folder:
    return stored.Folder(tmp_path / "store")


def put(objects: Any, version: str, **files: bytes) -> None:
    """Put a saved model, with more files where wanted."""
    objects.write(f"{version}/saved_model.pb", b"graph")
    for name, content in files.items():
        objects.write(f"{version}/variables/{name}", content)


def served(here: Path) -> list[str]:
    """Return the versions that TensorFlow Serving finds."""
    return sorted(each.relative_to(here / "served").as_posix() for each in (here / "served").glob("*/*"))


def listed(here: Path) -> dict[str, str]:
    """Return the models of the list with their folders."""
    text = (here / "models.config").read_text()
    assert text.startswith("model_config_list {")
    assert text.count("{") == text.count("}")
    return dict(re.findall(r'name: "(.+)"\n    base_path: "(.+)"\n    model_platform: "tensorflow"', text))


def test_a_store_without_models_gives_an_empty_list(store: Any, tmp_path: Path) -> None:
    follow.Models(store, tmp_path / "here").refresh()
    assert (tmp_path / "here/models.config").read_text() == "model_config_list {\n}\n"


def test_the_newest_version_of_each_model_is_fetched_and_listed(store: Any, tmp_path: Path) -> None:
    put(store, "resnet/9", index=b"old")
    put(store, "resnet/10", index=b"new")
    put(store, "word-vectors/0001")
    models = follow.Models(store, tmp_path / "here")
    models.refresh()
    here = tmp_path / "here"
    assert served(here) == ["resnet/10", "word-vectors/0001"]
    assert (here / "served/resnet/10/variables/index").read_bytes() == b"new"
    assert (here / "served/resnet/10/saved_model.pb").read_bytes() == b"graph"
    assert listed(here) == {each: str(here / "served" / each) for each in ("resnet", "word-vectors")}


def test_a_newer_version_takes_the_place_of_the_older_one(store: Any, tmp_path: Path) -> None:
    models, here = follow.Models(store, tmp_path / "here"), tmp_path / "here"
    put(store, "resnet/1")
    models.refresh()
    put(store, "resnet/2")
    models.refresh()
    assert served(here) == ["resnet/2"]


def test_what_is_there_already_is_fetched_once_also_by_a_follower_that_starts_anew(store: Any, tmp_path: Path) -> None:
    put(store, "resnet/1")
    follow.Models(store, tmp_path / "here").refresh()
    before = (tmp_path / "here/served/resnet/1").stat()
    follow.Models(store, tmp_path / "here").refresh()
    after = (tmp_path / "here/served/resnet/1").stat()
    assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)


def test_as_many_versions_are_served_as_are_asked_for(folder: Any, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        put(folder, f"resnet/{number}")
    follow.Models(folder, tmp_path / "here", versions=2).refresh()
    assert served(tmp_path / "here") == ["resnet/2", "resnet/3"]
    assert "latest { num_versions: 2 }" in (tmp_path / "here/models.config").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "resnet/saved_model.pb",
        "resnet/v1/saved_model.pb",
        "resnet/1/graph.pb",
        "resnet/1/deep/saved_model.pb",
        "a/b/1/saved_model.pb",
        '"} model/1/saved_model.pb',
        ".hidden/1/saved_model.pb",
    ],
)
def test_what_is_no_saved_model_of_a_version_is_left_alone(name: str, folder: Any, tmp_path: Path) -> None:
    folder.write(name, b"graph")
    follow.Models(folder, tmp_path / "here").refresh()
    assert served(tmp_path / "here") == []
    assert listed(tmp_path / "here") == {}


def test_a_path_that_leads_out_of_its_version_is_not_followed() -> None:
    class Wicked:
        def find(self, _prefix: str) -> Iterator[Any]:
            yield stored.Found("resnet/1/../../../etc/passwd", 1, 0.0)
            yield stored.Found("resnet/1//etc/passwd", 1, 0.0)

    assert follow.versions(Wicked()) == {}


def test_a_version_counts_when_nothing_was_put_into_it_for_a_while(folder: Any, tmp_path: Path) -> None:
    put(folder, "resnet/1")
    waiting = follow.Models(folder, tmp_path / "here", settle_seconds=LATER)
    waiting.refresh()
    assert served(tmp_path / "here") == []
    old = time.time() - LATER - 2
    os.utime(tmp_path / "store/resnet/1/saved_model.pb", (old, old))
    waiting.refresh()
    waiting.refresh()
    assert served(tmp_path / "here") == ["resnet/1"]


def test_a_version_that_changed_goes_before_it_comes_back(store: Any, tmp_path: Path) -> None:
    models, here = follow.Models(store, tmp_path / "here"), tmp_path / "here"
    put(store, "resnet/1", index=b"1")
    models.refresh()
    put(store, "resnet/1", index=b"22")
    models.refresh()
    assert served(here) == []
    assert listed(here) == {}
    assert (here / "served/resnet").is_dir()  # TensorFlow Serving stops looking at all models where one has no folder
    models.refresh()
    assert (here / "served/resnet/1/variables/index").read_bytes() == b"22"
    assert listed(here) == {"resnet": str(here / "served/resnet")}


def test_a_version_that_is_gone_makes_room_for_the_one_before(folder: Any, tmp_path: Path) -> None:
    models, here = follow.Models(folder, tmp_path / "here"), tmp_path / "here"
    put(folder, "resnet/1")
    put(folder, "resnet/2")
    models.refresh()
    (tmp_path / "store/resnet/2/saved_model.pb").unlink()
    models.refresh()
    assert served(here) == ["resnet/1"]
    (tmp_path / "store/resnet/1/saved_model.pb").unlink()
    models.refresh()
    assert served(here) == []
    assert listed(here) == {}


def test_a_version_that_cannot_be_fetched_leaves_its_model_and_the_others_as_they_are(
    folder: Any, tmp_path: Path
) -> None:
    class Broken(stored.Folder):
        def download(self, name: str, target: Path) -> None:
            if name.startswith("resnet/2/variables"):
                raise OSError("the connection was lost")
            super().download(name, target)

    models, here = follow.Models(Broken(tmp_path / "store"), tmp_path / "here"), tmp_path / "here"
    put(folder, "resnet/1")
    models.refresh()
    put(folder, "resnet/2", index=b"1")
    put(folder, "other/1")
    models.refresh()
    assert served(here) == ["other/1", "resnet/1"]
    assert listed(here).keys() == {"other", "resnet"}
    follow.Models(folder, here).refresh()
    assert served(here) == ["other/1", "resnet/2"]


def test_a_store_that_does_not_answer_is_asked_again_and_nothing_is_ready_before(
    monkeypatch: pytest.MonkeyPatch, folder: Any, tmp_path: Path
) -> None:
    ended, asked, listed_before = threading.Event(), [], []

    class Away(stored.Folder):
        def find(self, prefix: str) -> Iterator[Any]:
            asked.append(time.monotonic())
            listed_before.append((tmp_path / "here/models.config").exists())
            if len(asked) == 1:
                raise ConnectionError("refused")
            ended.set()
            return super().find(prefix)

    monkeypatch.setattr(follow.mirroring, "AGAIN_SECONDS", 0.01)
    put(folder, "resnet/1")
    follow.mirroring.follow(follow.Models(Away(tmp_path / "store"), tmp_path / "here"), 5.0, ended)
    assert asked[1] - asked[0] < 4
    assert listed_before == [False, False]
    assert served(tmp_path / "here") == ["resnet/1"]


def test_the_program_follows_and_ends_with_the_signal(folder: Any, tmp_path: Path) -> None:
    put(folder, "resnet/1")
    options = [f"--data={tmp_path / 'here'}", "--poll-seconds=0.1", "--settle-seconds=0"]
    env = {**os.environ, "STORE_URL": str(tmp_path / "store"), "PYTHONPATH": str(TOOLS / "_packages")}
    program = subprocess.Popen([sys.executable, TOOLS / "tensorflow-serving" / "follow.py", *options], env=env)
    try:
        assert eventually((tmp_path / "here/models.config").exists)
        assert served(tmp_path / "here") == ["resnet/1"]
        put(folder, "resnet/2")
        assert eventually(lambda: served(tmp_path / "here") == ["resnet/2"])
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    finally:
        program.kill()
        program.wait()


def eventually(met: Any) -> bool:
    deadline = time.monotonic() + 20
    while not met() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(met())


def pod(stack: str) -> dict[str, Any]:
    return plain(objects(bundle(stack), "Deployment")["tensorflow-serving"])["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("name", "url"), [("cluster", "s3://tensorflow-serving-objects"), ("aws", "s3://models-s3-210987654321/")]
)
def test_only_what_follows_knows_the_object_store(name: str, url: str) -> None:
    (follower,), (main,) = pod(STACKS[name])["initContainers"], pod(STACKS[name])["containers"]
    assert {each["name"]: each.get("value") for each in follower["env"]}["STORE_URL"].startswith(url)
    assert {"secretRef": {"name": "tensorflow-serving-models"}} in follower["envFrom"]
    assert main["envFrom"] == main["env"] == []


@pytest.mark.parametrize("name", STACKS)
def test_the_server_reads_the_list_that_the_follower_writes_before_it_starts(name: str) -> None:
    (follower,), (main,) = pod(STACKS[name])["initContainers"], pod(STACKS[name])["containers"]
    (data,) = [each.removeprefix("--data=") for each in follower["command"] if each.startswith("--data=")]
    place = f"{data}/{follow.LIST}"
    assert f"--model_config_file={place}" in main["command"]
    assert follower["startupProbe"]["exec"]["command"][-1] == place
    assert all(data in {mount["mountPath"] for mount in each["volumeMounts"]} for each in (main, follower))


def test_the_options_of_the_follower_are_those_it_understands() -> None:
    (follower,) = pod(MODELS)["initContainers"]
    understood = follow.parser().parse_args(follower["command"][2:])
    assert (understood.versions, understood.poll_seconds, understood.settle_seconds) == (1, 30.0, 30.0)


def test_its_metrics_are_asked_where_its_own_file_puts_them() -> None:
    made = bundle(MODELS)
    (asked,) = objects(made, "PodMonitor")["tensorflow-serving"]["spec"]["podMetricsEndpoints"]
    (monitoring,) = objects(made, "ConfigMap")["tensorflow-serving-files"]["data"].values()
    assert f'path: "{asked["path"]}"' in monitoring
    assert asked["portNumber"] == 8501
    assert pod(MODELS)["containers"][0]["readinessProbe"]["httpGet"]["path"] == asked["path"]


def test_servers_with_gpus_have_the_image_for_them() -> None:
    settings = "tensorflow-serving: {settings: {gpus: 2, image_tag: 2.19.1-gpu}}"
    found = pod(MODELS.replace("    - tensorflow-serving\n", f"    - {settings}\n"))
    (main,), (follower,) = found["containers"], found["initContainers"]
    assert main["image"] == "docker.io/tensorflow/serving:2.19.1-gpu"
    assert main["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert "nvidia.com/gpu" not in follower["resources"]["limits"]
    assert found["tolerations"]


def test_clients_find_it_by_its_variable() -> None:
    made = bundle(MODELS)
    env = made.values.value(made.values.catalog.get("tensorflow-serving").client.env, component(made))
    assert env["TENSORFLOW_SERVING_URL"] == "http://tensorflow-serving.models.svc.cluster.local:8501"
    assert env["TENSORFLOW_SERVING_GRPC_URL"] == "tensorflow-serving.models.svc.cluster.local:8500"


def component(made: Any) -> Any:
    return made.values.graph.components["tensorflow-serving"]
