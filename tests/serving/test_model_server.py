"""The pure parts of the model servers."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from model_server import checking
from model_server.checking import count_rows, fits, main, split_uri
from model_server.environments import Installer, PreparationError, environment_key, minor, require_python, wanted_python
from model_server.processes import Records, started_at
from model_server.releases import Releases, keep_newest
from model_server.versions import ModelVersion

if TYPE_CHECKING:
    from pathlib import Path

ONE = ModelVersion("m", "1", "run1", 10)
URI = "models:/m@champion"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("mlflow==3.17.2\n")
    (tmp_path / "python_env.yaml").write_text("python: 3.11.7\nbuild_dependencies: [pip]\n")
    return tmp_path


def test_minor_reads_two_numbers() -> None:
    assert minor("3.11.7") == minor("3.11") == (3, 11)


def test_a_model_says_which_python_it_wants(model: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert wanted_python(model) == "3.11.7"
    assert wanted_python(tmp_path_factory.mktemp("empty")) is None


def test_another_patch_version_of_python_will_do(model: Path) -> None:
    require_python(model, "3.11.2")


def test_another_minor_version_of_python_is_refused(model: Path) -> None:
    with pytest.raises(PreparationError, match=r"logged with Python 3\.11\.7 and this server runs Python 3\.12\.1"):
        require_python(model, "3.12.1")


def test_the_environment_key_follows_what_is_installed(model: Path) -> None:
    key = environment_key(model, "3.11.7")
    assert key == environment_key(model, "3.11.2")
    assert key != environment_key(model, "3.12.0")
    (model / "MLmodel").write_text("another model, the same packages")
    assert key == environment_key(model, "3.11.7")
    (model / "constraints.txt").write_text("numpy<2\n")
    assert key != environment_key(model, "3.11.7")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let uv only note what it is asked; whatever is asked offline fails."""
    monkeypatch.delenv("UV_OFFLINE", raising=False)
    asked: list[str] = []

    def uv(_self: Installer, arguments: list[str], cwd: Path) -> None:
        asked.append(" ".join(["offline" if "--offline" in arguments else "online", *arguments[:2]]))
        if "--offline" in arguments:
            raise PreparationError("not in the cache")
        if arguments[0] == "venv":
            python = cwd / "venv" / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        if arguments[1] == "compile":
            (cwd / arguments[-1]).touch()

    monkeypatch.setattr(Installer, "_uv", uv)
    return asked


@pytest.fixture
def own_model(model: Path) -> Path:
    """Make a model of the Python that runs the tests."""
    (model / "python_env.yaml").write_text(f"python: {sys.version_info.major}.{sys.version_info.minor}.0\n")
    return model


def test_the_cache_is_tried_before_the_network(own_model: Path, commands: list[str], tmp_path: Path) -> None:
    Installer(tmp_path / "made").prepare(own_model)
    assert [command.split()[0] for command in commands] == ["online", "offline", "online", "offline", "online"]
    assert commands[0].startswith("online venv")


def test_offline_means_offline(
    own_model: Path, commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(PreparationError, match="not in the cache"):
        Installer(tmp_path / "made").prepare(own_model)
    assert commands[1:] == ["offline pip compile"]


def test_a_complete_environment_is_used_as_it_is(own_model: Path, commands: list[str], tmp_path: Path) -> None:
    python = Installer(tmp_path / "made").prepare(own_model)
    commands.clear()
    assert Installer(tmp_path / "made").prepare(own_model) == python
    assert not commands


def test_a_half_made_environment_is_made_anew_from_the_same_lock(
    own_model: Path, commands: list[str], tmp_path: Path
) -> None:
    python = Installer(tmp_path / "made").prepare(own_model)
    (python.parents[2] / "complete").unlink()
    (python.parent / "half").touch()
    commands.clear()
    Installer(tmp_path / "made").prepare(own_model)
    assert not (python.parent / "half").exists()
    assert not [command for command in commands if "compile" in command]


def test_a_version_key_is_a_safe_folder_name() -> None:
    assert ModelVersion("a/b c", "7", "r", 1).key.replace("-", "").isalnum()


def test_keep_newest_deletes_the_oldest(tmp_path: Path) -> None:
    for age, name in enumerate(["new", "old", "older"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    keep_newest(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_what_was_served_is_recalled(tmp_path: Path) -> None:
    releases = Releases(tmp_path, registry=None)  # type: ignore[arg-type]
    assert releases.recall() is None
    releases.remember(ONE)
    assert releases.recall() == ONE
    (tmp_path / "served.json").write_text("{half")
    assert releases.recall() is None


def test_a_record_of_a_reused_process_id_ends_nobody(tmp_path: Path) -> None:
    records = Records(tmp_path)
    record = {"pid": os.getpid(), "started": "the one before"}
    (tmp_path / "1.json").write_text(json.dumps(record))
    records.end_leftovers()
    assert started_at(os.getpid())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("example", "rows"),
    [
        ({"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}, 2),
        ({"dataframe_records": [{"a": 1}]}, 1),
        ({"inputs": {"a": [1, 2, 3]}}, 3),
        ({"inputs": [[1], [2]]}, 2),
        ({"messages": []}, None),
        ({"inputs": "text"}, None),
    ],
)
def test_count_rows(example: object, rows: int | None) -> None:
    assert count_rows(example) == rows


def test_split_uri_keeps_an_at_sign_in_the_name() -> None:
    assert split_uri("models:/a@b@champion") == ("a@b", "champion")


def test_health_fits_only_the_version_that_the_registry_names() -> None:
    serving = {"status": "serving", "model": "m", "version": "1", "run_id": "run1"}
    assert fits(serving, ONE, URI)
    assert not fits(serving | {"version": "2"}, ONE, URI)
    assert not fits(serving | {"status": "restarting"}, ONE, URI)
    assert not fits(serving, None, URI)
    assert fits({"status": "waiting", "waiting_for": URI}, None, URI)
    assert not fits({"status": "waiting", "waiting_for": "models:/x@champion"}, None, URI)


def test_the_check_refuses_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write", "marker"], lambda *_: None) == 64  # type: ignore[arg-type]
    assert "usage" in capsys.readouterr().err


class Known:
    """A registry with one version, or none, and its example."""

    uri = URI

    def __init__(self, version: ModelVersion | None, example: bytes | None = None) -> None:
        self.version, self.example = version, example

    def find(self) -> ModelVersion | None:
        return self.version

    def read_example(self, _: ModelVersion) -> bytes | None:
        return self.example


@pytest.mark.parametrize(
    ("known", "answer", "status", "said"),
    [
        (Known(None), None, 75, "names no version"),
        (Known(ONE), None, 75, "without an input example"),
        (Known(ONE, b'{"inputs": [[1], [2]]}'), {"predictions": [1, 2]}, 0, ""),
        (Known(ONE, b'{"inputs": [[1], [2]]}'), {"predictions": [1]}, 1, "2 example rows gave 1 answers"),
        (Known(ONE, b'{"inputs": [[1], [2]]}'), {}, 1, "holds no predictions"),
    ],
)
def test_the_check_calls_nothing_proved_without_predictions(
    known: Known,
    answer: object,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    serving = {"status": "serving", "model": ONE.name, "version": ONE.version, "run_id": ONE.run_id, "uri": URI}
    health = serving if known.version else {"status": "waiting", "waiting_for": URI}
    for name in ("MODEL_SERVER_URL", "MODEL_SERVER_STATUS_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setattr(checking, "get_json", lambda _: health)
    monkeypatch.setattr(checking, "post_json", lambda *_: answer)
    assert main(["find", "marker"], lambda *_: known) == status  # type: ignore[arg-type, return-value]
    assert said in capsys.readouterr().err
