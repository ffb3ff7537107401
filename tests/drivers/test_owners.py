"""A process of a stack is known by its mark and its folder; whoever hides them is nobody's."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from platinfra.drivers import owners, process_tree
from platinfra.drivers.supervision import key_of

Begin = Callable[..., int]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start sleeping processes with a mark in a folder; end them afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def process(mark: str, cwd: Path, *words: str) -> int:
        command = [sys.executable, "-S", "-c", "print(flush=True); import time; time.sleep(60)", *words]
        env = {process_tree.MARK: mark} if mark else {}
        child = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE)
        started.append(child)
        assert child.stdout
        child.stdout.readline()  # until now it may still be a copy of this process
        return child.pid

    yield process
    for each in started:
        each.kill()
        each.communicate()


def root_of(folder: Path, environment: str = "default", stack: str = "churn") -> Path:
    root = folder / ".platinfra" / environment
    (root / "components" / "mlflow" / "work").mkdir(parents=True)
    if stack:
        (root / "state.json").write_text(json.dumps({"stack": stack}))
    return root


def test_a_process_of_a_stack_is_named_with_the_folder_of_the_stack(begin: Begin, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    pid = begin(f"{key_of(root)}:mlflow.server", root / "components" / "mlflow" / "work")
    assert owners.owner(pid) == f"`mlflow.server` of the stack `churn` in `{tmp_path}` (pid {pid})"


def test_a_process_that_left_its_folder_is_known_by_what_it_was_told(begin: Begin, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    pid = begin(f"{key_of(root)}:mlflow.server", Path("/"), f"{root}/components/mlflow/data")
    assert f"in `{tmp_path}`" in str(owners.owner(pid))


def test_another_environment_is_named(begin: Begin, tmp_path: Path) -> None:
    root = root_of(tmp_path, "test")
    pid = begin(f"{key_of(root)}:", root)
    assert owners.owner(pid) == f"the stack `churn`, environment `test`, in `{tmp_path}` (pid {pid})"


def test_a_stack_whose_state_cannot_be_read_has_a_folder_only(begin: Begin, tmp_path: Path) -> None:
    root = root_of(tmp_path, stack="")
    pid = begin(f"{key_of(root)}:mlflow.server", root)
    assert owners.owner(pid) == f"`mlflow.server` of a stack in `{tmp_path}` (pid {pid})"


def test_somebody_who_only_looks_around_in_a_folder_is_no_stack(begin: Begin, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    assert owners.owner(begin("", root)) is None
    assert owners.owner(begin("0123456789abcdef:mlflow.server", root)) is None


def test_what_cannot_be_read_is_nobodys(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = root_of(tmp_path)
    pid = begin(f"{key_of(root)}:mlflow.server", root)

    def denied(_self: psutil.Process) -> str:
        raise psutil.AccessDenied

    with monkeypatch.context() as hidden:
        hidden.setattr(psutil.Process, "cwd", denied)
        hidden.setattr(psutil.Process, "parent", denied)
        assert owners.owner(pid) is None
    with monkeypatch.context() as hidden:
        hidden.setattr(process_tree, "mark_of", lambda _: "")
        assert owners.owner(pid) is None
    assert owners.owner(pid)


def test_a_process_that_ended_is_nobodys(begin: Begin, tmp_path: Path) -> None:
    root = root_of(tmp_path)
    pid = begin(f"{key_of(root)}:mlflow.server", root)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert owners.owner(pid) is None
