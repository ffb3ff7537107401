"""Parts of the package of the model servers, with neither a registry nor processes: files, command line, downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from model_server import checking
from model_server.checking import CheckError, agree, score_example
from model_server.environments import PreparationError, why
from model_server.objects import Folder, objects_at
from model_server.options import parser
from model_server.processes import find_cause
from model_server.releases import Release, Releases
from model_server.versions import ModelVersion, RegistryUnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = ModelVersion("m", "1", "run1", 10)
SERVING = {"status": "serving", "model": "m", "version": "1", "run_id": "run1"}
EXAMPLE = json.dumps({"inputs": [[1.0], [2.0]]}).encode()


class Registry:
    """A registry whose downloads are one file, or fail."""

    uri = "models:/m@champion"

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.asked = 0

    def find(self) -> ModelVersion | None:
        if self.problem:
            raise self.problem
        return ONE

    def download(self, _: ModelVersion, folder: Path) -> None:
        self.asked += 1
        (folder / "MLmodel").write_text("a model")
        if self.problem:
            raise self.problem

    def read_example(self, _: ModelVersion) -> bytes:
        return EXAMPLE


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    made = Releases(tmp_path, Registry())  # type: ignore[arg-type]
    monkeypatch.setattr(made._installer, "prepare", lambda _: Path("/venv/bin/python"))
    return made


def test_a_version_is_downloaded_once(releases: Releases) -> None:
    first, second = releases.prepare(ONE), releases.prepare(ONE)
    assert first == second == Release(ONE, first.folder, Path("/venv/bin/python"))
    assert (first.folder / "MLmodel").read_text() == "a model"
    assert releases._registry.asked == 1


def test_a_download_that_fails_leaves_nothing_that_looks_like_a_model(releases: Releases) -> None:
    releases._registry.problem = OSError("disk full")
    with pytest.raises(PreparationError, match="cannot download version 1: disk full"):
        releases.prepare(ONE)
    assert not (releases._models / ONE.key).exists()
    releases._registry.problem = None
    assert releases.prepare(ONE).folder.is_dir()


def test_a_model_s_own_processes_do_not_see_our_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("PATH", "/usr/bin")
    found = Release(ONE, Path("/m"), Path("/venv/bin/python")).environment()
    assert "PYTHONPATH" not in found
    assert found["PATH"] == "/venv/bin:/usr/bin"


@pytest.mark.parametrize(("option", "missing"), [("--port", True), ("--model", True), ("--alias", False)])
def test_a_server_is_told_what_to_serve_and_where(
    option: str, missing: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"--port": "80", "--model": "m", "--data": "/data", "--alias": "best"}
    made = parser("Serve.").parse_args([word for each in told.items() for word in each])
    assert (made.port, made.model, made.alias, made.data, made.host) == (80, "m", "best", Path("/data"), "127.0.0.1")
    less = [word for name, value in told.items() if name != option for word in (name, value)]
    if missing:
        with pytest.raises(SystemExit):
            parser("Serve.").parse_args(less)
        assert option in capsys.readouterr().err
    else:
        assert parser("Serve.").parse_args(less).alias == "champion"


def test_a_folder_keeps_files_by_name(tmp_path: Path) -> None:
    store = objects_at(str(tmp_path / "store"))
    assert isinstance(store, Folder)
    assert [*store.find("")] == []
    store.write("a/small", b"one")
    (tmp_path / "big").write_bytes(b"three")
    store.upload(tmp_path / "big", "a/big")
    store.write("b/other", b"")
    assert [(each.name, each.size) for each in store.find("a/")] == [("a/big", 5), ("a/small", 3)]
    store.write("a/small", b"changed")
    assert store.read("a/small") == b"changed"
    store.download("a/big", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"three"


def test_another_kind_of_store_is_refused() -> None:
    with pytest.raises(ValueError, match="neither s3://BUCKET/PREFIX nor a path"):
        objects_at("gs://bucket")


def answer(monkeypatch: pytest.MonkeyPatch, health: Mapping[str, Any], predictions: Any = None) -> None:
    monkeypatch.setattr(checking, "get_json", lambda _: dict(health))
    monkeypatch.setattr(checking, "post_json", lambda *_: {"predictions": predictions})
    monkeypatch.setattr(checking, "WAIT_SECONDS", 0.0)
    monkeypatch.setenv("MODEL_SERVER_URL", "http://server")
    monkeypatch.setenv("MODEL_SERVER_STATUS_URL", "http://server")


def test_the_check_says_in_which_way_server_and_registry_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, SERVING)
    assert agree(Registry(), "http://server/health") == ONE  # type: ignore[arg-type]
    answer(monkeypatch, {**SERVING, "version": "0"})
    with pytest.raises(CheckError, match=r'names version 1, but the server says .*"version": "0"'):
        agree(Registry(), "http://server/health")  # type: ignore[arg-type]


@pytest.mark.parametrize(("predictions", "right"), [([1, 2], True), ([1], False), ({"of its own": 1}, True)])
def test_the_check_counts_the_answers_to_the_example(
    monkeypatch: pytest.MonkeyPatch, predictions: Any, right: bool
) -> None:
    answer(monkeypatch, SERVING, predictions)
    if right:
        score_example("http://server/invocations", EXAMPLE)
    else:
        with pytest.raises(CheckError, match="2 example rows gave 1 answers"):
            score_example("http://server/invocations", EXAMPLE)


@pytest.mark.parametrize(
    ("problem", "status", "said"), [(None, 0, ""), (RegistryUnreachableError("refused"), 1, "refused")]
)
def test_the_check_ends_with_what_is_wrong_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: Exception | None,
    status: int,
    said: str,
) -> None:
    answer(monkeypatch, {**SERVING, "uri": "models:/m@champion"}, [1, 2])
    assert checking.main(["find", "marker"], lambda *_: Registry(problem)) == status  # type: ignore[arg-type,return-value]
    assert said in capsys.readouterr().err


@pytest.mark.finding("F2")
@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (
            ["Traceback (most recent call last):", "  File x", "ModuleNotFoundError: No module named 'lost'"],
            "ModuleNotFoundError: No module named 'lost'",
        ),
        (
            [
                "ValueError: bad pickle",
                "Traceback:",
                "mlflow.utils.process.ShellCommandException: Non-zero exit code: 3",
            ],
            "ValueError: bad pickle",
        ),
        (
            ["raise x", "RuntimeError: process ended with return code 1"],
            "RuntimeError: process ended with return code 1",
        ),
        (["starting", "", "killed"], "killed"),
        ([], "no output"),
    ],
)
def test_why_a_server_ended_is_the_error_and_not_that_a_child_ended(lines: list[str], cause: str) -> None:
    assert find_cause(lines) == cause


@pytest.mark.finding("F2")
def test_why_packages_cannot_be_installed_is_one_line_with_the_error_of_a_build() -> None:
    unknown = "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because lost was not found, it cannot be used.\n\nhint: look\n"
    assert (
        why(unknown) == "No solution found when resolving dependencies: Because lost was not found, it cannot be used."
    )
    broken = (
        "  \u00d7 Failed to build `lost==1`\n  ├─▶ The build backend returned an error\n  ╰─▶ Call to `x` failed (exit status: 1)\n\n"
        "      [stderr]\n      Traceback\n      RuntimeError: needs a compiler\n\n      hint: a problem with the package\n"
    )
    assert why(broken).endswith("failed (exit status: 1): RuntimeError: needs a compiler")


@pytest.mark.finding("F14")
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ('{"error_code": "X", "message": "no column `a`"}', "no column `a`"),
        ('{"detail": "too long"}', "too long"),
        ("<p>Bad\n Request</p>", "<p>Bad Request</p>"),
        ("[1]", "[1]"),
        ("", "nothing more"),
    ],
)
def test_a_check_shows_what_the_server_said(answer: str, message: str) -> None:
    assert checking.server_message(answer) == message
