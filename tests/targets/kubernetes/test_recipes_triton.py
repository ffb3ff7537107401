"""Triton: its model repository is a folder that a follower keeps as the object store is."""

import os
from pathlib import Path
from typing import Any

import pytest

from platinfra.model.template import plain
from tests.kubernetes.stacks import MODELS, MODELS_ON_AWS, bundle, objects
from tests.targets.kubernetes.test_recipes_stores import module

stored = module("_packages", "model_server.objects")
mirror = module("nvidia-triton", "mirror")
STACKS = {"cluster": MODELS, "aws": MODELS_ON_AWS}
LATER = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> Any:
    return stored.objects_at(str(tmp_path / "store"))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


def served(here: Path) -> dict[str, bytes]:
    """Return what Triton reads."""
    found = here / "served"
    return {
        f"{name}/{path.relative_to(found / name)}": path.read_bytes()
        for name in sorted(os.listdir(found))
        for path in sorted((found / name).rglob("*"))
        if path.is_file()
    }


@pytest.mark.finding("A2")
def test_models_are_served_as_they_lie_in_the_store(store: Any, here: Path) -> None:
    store.write("resnet/config.pbtxt", b"config")
    store.write("resnet/2/model.onnx", b"weights")
    store.write("README.md", b"no model")
    mirror.Repository(store, here).refresh()
    assert served(here) == {"resnet/2/model.onnx": b"weights", "resnet/config.pbtxt": b"config"}
    assert (here / "ready").exists()


@pytest.mark.finding("A2")
def test_a_model_changes_in_one_step_and_its_last_copy_goes_with_the_next_look(store: Any, here: Path) -> None:
    store.write("resnet/1/model.onnx", b"old")
    repository = mirror.Repository(store, here)
    repository.refresh()
    before = (here / "served/resnet").resolve()
    store.write("resnet/2/model.onnx", b"new")
    repository.refresh()
    assert served(here) == {"resnet/1/model.onnx": b"old", "resnet/2/model.onnx": b"new"}
    assert before.is_dir()
    repository.refresh()
    assert not before.exists()


def test_a_model_that_the_store_has_no_more_is_taken_away(store: Any, here: Path, tmp_path: Path) -> None:
    store.write("resnet/1/model.onnx", b"x")
    repository = mirror.Repository(store, here)
    repository.refresh()
    (tmp_path / "store/resnet/1/model.onnx").unlink()
    repository.refresh()
    repository.refresh()
    assert served(here) == {}
    assert list((here / "copies").iterdir()) == []


def test_a_model_that_is_still_written_waits(store: Any, here: Path) -> None:
    store.write("resnet/1/model.onnx", b"x")
    mirror.Repository(store, here, settle_seconds=LATER).refresh()
    assert served(here) == {}


def test_what_cannot_be_fetched_leaves_the_model_as_it_is(
    store: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("resnet/1/model.onnx", b"old")
    repository = mirror.Repository(store, here)
    repository.refresh()
    store.write("resnet/1/model.onnx", b"longer and new")

    def fail(*_: object) -> None:
        raise OSError("the store is away")

    monkeypatch.setattr(store, "download", fail)
    repository.refresh()
    assert served(here) == {"resnet/1/model.onnx": b"old"}
    monkeypatch.undo()
    repository.refresh()
    assert served(here) == {"resnet/1/model.onnx": b"longer and new"}


def test_a_follower_that_starts_again_begins_anew(store: Any, here: Path) -> None:
    store.write("resnet/1/model.onnx", b"x")
    mirror.Repository(store, here).refresh()
    mirror.Repository(store, here).refresh()
    assert served(here) == {"resnet/1/model.onnx": b"x"}
    assert len(list((here / "copies").iterdir())) == 1


def pod(text: str) -> dict[str, Any]:
    return plain(objects(bundle(text), "Deployment")["nvidia-triton"])["spec"]["template"]["spec"]


@pytest.mark.finding("A2")
@pytest.mark.parametrize("name", STACKS)
def test_the_server_reads_a_folder_and_needs_no_credentials_of_its_own(name: str) -> None:
    (follower,), (main,) = pod(STACKS[name])["initContainers"], pod(STACKS[name])["containers"]
    assert "--model-repository=/models/served" in main["command"]
    assert main["envFrom"] == main["env"] == []
    assert follower["restartPolicy"] == "Always"
    assert {"secretRef": {"name": "nvidia-triton-models"}} in follower["envFrom"]
    assert follower["startupProbe"]["exec"]["command"][-1] == "/models/ready"
    assert all("/models" in {each["mountPath"] for each in one["volumeMounts"]} for one in (main, follower))


def test_the_options_of_the_follower_are_those_it_understands() -> None:
    (follower,) = pod(MODELS)["initContainers"]
    understood = mirror.parser().parse_args(follower["command"][2:])
    assert (understood.data, understood.poll_seconds, understood.settle_seconds) == (Path("/models"), 30.0, 30.0)
