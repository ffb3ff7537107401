"""What tools of ours keep in an object store: models that never change, data that is handed in, folders that follow it."""

import io
import json
import os
import sys
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.live  # they start a stand-in for S3

TOOLS = Path(__file__).parents[3] / "src" / "platinfra" / "tools"


def module(tool: str, name: str) -> ModuleType:
    """Import a module from the folder of a tool, as the tool's own process does."""
    before = list(sys.path)
    sys.path[:0] = [str(TOOLS / tool), str(TOOLS / "_packages")]
    try:
        return import_module(name)
    finally:
        sys.path[:] = before


objects = module("_packages", "model_server.objects")
model_store = module("bentoml", "model_store")
desk = module("_packages", "data_looks.desk")
repository = module("mlserver", "serve")


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return an empty place: a folder, or a prefix of a bucket beside somebody else's."""
    if request.param == "folder":
        return objects.objects_at(str(tmp_path / "store"))
    url = request.getfixturevalue("bucket")
    objects.objects_at(f"{url}/{tmp_path.name}-other").write("models/stranger/1.bentomodel", b"")
    return objects.objects_at(f"{url}/{tmp_path.name}")


def exported(path: Path, name: str, version: str, **files: bytes) -> Path:
    """Write a model as BentoML exports it."""
    record = f"name: {name}\nversion: {version}\nmodule: bentoml.sklearn\n".encode()
    with tarfile.open(path, "w:xz") as archive:
        for member, content in {"./model.yaml": record, **files}.items():
            about = tarfile.TarInfo(member)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return path


def test_files_of_an_address_come_back_and_those_of_others_do_not(store: Any, tmp_path: Path) -> None:
    store.write("a/small", b"one")
    source = tmp_path / "big"
    source.write_bytes(b"two")
    store.upload(source, "a/big")
    assert [(each.name, each.size) for each in store.find("a/")] == [("a/big", 3), ("a/small", 3)]
    assert [each.name for each in store.find("")] == ["a/big", "a/small"]
    assert store.read("a/small") == b"one"
    store.download("a/big", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"two"


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        objects.objects_at("gs://bucket")


def test_a_model_is_found_by_version_alias_and_as_the_newest(store: Any, tmp_path: Path) -> None:
    models = model_store.ModelStore(store)
    assert models.versions() == []
    assert models.push(exported(tmp_path / "a", "wine", "v1")) == "wine:v1"
    models.promote("wine:v1", "champion")
    later = exported(tmp_path / "b", "wine", "v2")
    models.push(later)
    if isinstance(store, objects.Folder):  # a bucket counts in seconds
        os.utime(store._root / "models/wine/v2.bentomodel", (4e9, 4e9))
        assert models.find("wine").tag == models.find("wine:latest").tag == "wine:v2"
    assert models.find("wine:champion").tag == "wine:v1"
    assert models.find("wine:v2").aliases == ()
    models.promote("wine:v2", "champion")
    assert models.find("wine:champion").tag == "wine:v2"
    assert models.pull("wine:champion", tmp_path).read_bytes() == later.read_bytes()


def test_a_version_never_changes(store: Any, tmp_path: Path) -> None:
    models = model_store.ModelStore(store)
    models.push(exported(tmp_path / "a", "wine", "v1"))
    with pytest.raises(model_store.RefusedError, match="do not change"):
        models.push(exported(tmp_path / "b", "wine", "v1", other=b"x"))
    with pytest.raises(model_store.UnknownModelError):
        models.find("wine:v3")
    with pytest.raises(model_store.UnknownModelError):
        models.find("beer")


@pytest.mark.parametrize("tag", ["../wine", "wine/../beer", "", "Wine"])
def test_a_tag_is_no_path(tag: str, tmp_path: Path) -> None:
    with pytest.raises(model_store.RefusedError, match="is no name"):
        model_store.ModelStore(objects.Folder(tmp_path)).find(tag)


@pytest.mark.parametrize("alias", ["latest", "v1", "../x"])
def test_an_alias_is_neither_a_version_nor_the_newest_nor_a_path(alias: str, tmp_path: Path) -> None:
    models = model_store.ModelStore(objects.Folder(tmp_path / "store"))
    models.push(exported(tmp_path / "a", "wine", "v1"))
    with pytest.raises(model_store.RefusedError):
        models.promote("wine:v1", alias)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for file in (
        tmp_path / "text",
        exported(tmp_path / "a", "wine/..", "v1"),
        exported(tmp_path / "b", "wine", "v1", **{"../escape": b"x"}),
    ):
        with pytest.raises(model_store.RefusedError):
            model_store.ModelStore(objects.Folder(tmp_path / "store")).push(file)


@contextmanager
def opened(store: Any) -> Iterator[str]:
    """Run the desk of the monitor on loopback."""
    handler = type("Here", (desk.Desk,), {"objects": store, "name": "nannyml"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def asked(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, method="GET" if body is None else "PUT")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_desk_takes_data_and_nothing_else(tmp_path: Path) -> None:
    store = objects.Folder(tmp_path)
    with opened(store) as url:
        assert asked(f"{url}/health")[0] == 200
        assert asked(f"{url}/current/day-1.csv", b"x\n1\n")[0] == 201
        for path in ("results/latest.json", "current/day.pkl", "current/../results/a.csv", "current/a/b.csv", "a.csv"):
            assert asked(f"{url}/{path}", b"x")[0] == 404
    assert [each.name for each in store.find("")] == ["current/day-1.csv"]
    assert store.read("current/day-1.csv") == b"x\n1\n"


def test_the_desk_shows_what_the_last_look_found(tmp_path: Path) -> None:
    store = objects.Folder(tmp_path)
    finding = {"calculation": "drift", "metric": 'of "x"', "value": 0.5, "alert": True}
    with opened(store) as url:
        assert json.loads(asked(f"{url}/results")[1])["findings"] == []
        assert asked(f"{url}/") == asked(f"{url}/results")
        assert b"nannyml_last_look" not in asked(f"{url}/metrics")[1]
        report = {"time": 12.5, "folder": "results/a", "rows": {"current": 7}, "findings": [finding]}
        store.write(desk.LATEST, json.dumps(report).encode())
        assert json.loads(asked(f"{url}/results")[1]) == report
        lines = asked(f"{url}/metrics")[1].decode().splitlines()
    assert 'nannyml_alert{calculation="drift",metric="of \\"x\\""} 1.0' in lines
    assert 'nannyml_value{calculation="drift",metric="of \\"x\\""} 0.5' in lines
    assert 'nannyml_rows{data="current"} 7' in lines
    assert "nannyml_last_look_timestamp_seconds 12.5" in lines


def test_a_folder_of_models_follows_the_object_store(store: Any, tmp_path: Path) -> None:
    folder = tmp_path / "here" / "models"
    folder.mkdir(parents=True)
    followed = repository.Repository(store, folder)
    store.write("models/half/model.bin", b"no settings yet")
    store.write("models/one/model-settings.json", b"{}")
    store.write("models/one/deep/model.bin", b"1")
    assert followed.refresh() == ({"one"}, set())
    assert (folder / "one/deep/model.bin").read_bytes() == b"1"
    assert not (folder / "half").exists()
    assert followed.refresh() == (set(), set())
    store.write("models/one/deep/model.bin", b"22")
    assert followed.refresh() == ({"one"}, set())
    assert (folder / "one/deep/model.bin").read_bytes() == b"22"


def test_a_model_that_is_gone_is_served_no_more(tmp_path: Path) -> None:
    (tmp_path / "here" / "models").mkdir(parents=True)
    followed = repository.Repository(objects.Folder(tmp_path / "store"), tmp_path / "here" / "models")
    settings = tmp_path / "store/models/one/model-settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text("{}")
    followed.refresh()
    settings.unlink()
    assert followed.refresh() == (set(), {"one"})
    assert not (tmp_path / "here/models/one").exists()
