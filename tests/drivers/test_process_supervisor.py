"""The supervisor is found, replaced and removed, whatever happened to it."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers import process_tree, runtime_folder
from platinfra.drivers.process import LocalProcesses
from platinfra.drivers.program_files import Limits

from .programs import CHILD_IN_OWN_SESSION, NOTED_SLEEP, SLEEP, eventually, lives, noted, program, supervisor_pid

pytestmark = pytest.mark.live

GRACEFUL = (
    "import os, signal, sys, time\n"
    "def end(*_):\n"
    "    open(sys.argv[1] + '.ended', 'w').close()\n"
    "    sys.exit()\n"
    "signal.signal(signal.SIGTERM, end)\n" + NOTED_SLEEP
)


def _kill_supervisor(folder: Path) -> None:
    pid = supervisor_pid(folder)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not lives(pid))


def test_after_a_killed_supervisor_a_program_never_runs_twice(stack: LocalProcesses, folder: Path) -> None:
    spec = program(folder, "a.b", GRACEFUL, folder / "pids")
    stack.start(spec)
    (first,) = noted(folder / "pids")
    _kill_supervisor(folder)
    assert lives(first)
    assert stack.statuses() == {}
    stack.start(spec)
    assert not lives(first)
    assert (folder / "pids.ended").exists()
    noted(folder / "pids", 2)


def test_shutdown_ends_what_a_killed_supervisor_left(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", GRACEFUL, folder / "pids"))
    stack.start(program(folder, "c.d", CHILD_IN_OWN_SESSION, folder / "others"))
    left = [*noted(folder / "pids"), *noted(folder / "others")]
    _kill_supervisor(folder)
    stack.shutdown()
    assert not any(map(lives, left))
    assert (folder / "pids.ended").exists()


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"pid": "x", "start": 3}'])
def test_shutdown_works_with_damaged_files(stack: LocalProcesses, folder: Path, damage: str) -> None:
    stack.start(program(folder, "a.b", CHILD_IN_OWN_SESSION, folder / "pids"))
    (child,) = noted(folder / "pids")
    supervisor = supervisor_pid(folder)
    for path in [*(folder / "run").glob("*.json"), folder / "supervisor.json"]:
        path.write_text(damage)
    stack.shutdown()
    assert not lives(child)
    assert not lives(supervisor)


def test_shutdown_works_when_the_files_are_gone_and_the_supervisor_was_killed(
    stack: LocalProcesses, folder: Path
) -> None:
    stack.start(program(folder, "a.b", CHILD_IN_OWN_SESSION, folder / "pids"))
    (child,) = noted(folder / "pids")
    _kill_supervisor(folder)
    shutil.rmtree(folder / "run")
    stack.shutdown()
    assert not lives(child)


def test_shutdown_removes_the_socket_and_the_secrets_and_may_be_repeated(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", SLEEP))
    runtime = Path(process_tree.load(folder / "supervisor.json")["runtime"])
    supervisor = supervisor_pid(folder)
    assert (runtime / "s.sock").exists()
    stack.shutdown()
    stack.shutdown()
    assert not runtime.exists()
    assert not (folder / "run").exists()
    assert not lives(supervisor)
    assert stack.statuses() == {}


def test_shutdown_of_a_stack_that_never_ran_is_no_error(tmp_path: Path) -> None:
    LocalProcesses(tmp_path / "nothing").shutdown()


def test_shutdown_stops_programs_side_by_side(stack: LocalProcesses, folder: Path) -> None:
    slow = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), sys.exit()))\n"
    for number in range(4):
        stack.start(program(folder, f"c{number}.server", slow + NOTED_SLEEP, folder / "pids"))
    noted(folder / "pids", 4)
    started = time.monotonic()
    stack.shutdown()
    assert time.monotonic() - started < 5


def test_a_supervisor_whose_socket_was_cleaned_away_is_replaced(stack: LocalProcesses, folder: Path) -> None:
    spec = program(folder, "a.b", NOTED_SLEEP, folder / "pids")
    stack.start(spec)
    (first,) = noted(folder / "pids")
    old = supervisor_pid(folder)
    shutil.rmtree(process_tree.load(folder / "supervisor.json")["runtime"])
    stack.start(spec)
    _, second = noted(folder / "pids", 2)
    assert not lives(old)
    assert not lives(first)
    assert lives(second)


def test_a_frozen_supervisor_is_ended_by_force(
    stack: LocalProcesses, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platinfra.drivers.supervision._ANSWER_WITHIN", 0.5)
    monkeypatch.setattr("platinfra.drivers.process._MARGIN", 0.5)
    stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids", grace=1))
    (pid,) = noted(folder / "pids")
    supervisor = supervisor_pid(folder)
    os.kill(supervisor, signal.SIGSTOP)
    stack.shutdown()
    assert not lives(pid)
    assert not lives(supervisor)


def test_another_environment_of_the_caller_finds_the_same_supervisor(
    stack: LocalProcesses, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.start(program(folder, "a.b", SLEEP))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert set(LocalProcesses(folder).statuses()) == {"a.b"}


def test_two_stacks_do_not_see_each_other(stack: LocalProcesses, folder: Path, tmp_path: Path) -> None:
    stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids"))
    (pid,) = noted(folder / "pids")
    other = LocalProcesses(tmp_path / "other", Limits(startsecs=1))
    other.start(program(tmp_path / "other", "a.b", SLEEP).__class__("a.b", program(tmp_path, "a.b", SLEEP).run, "1"))
    other.shutdown()
    assert lives(pid)


def test_a_stack_started_from_inside_another_one_is_not_its_own(
    stack: LocalProcesses, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    code = (
        "import sys\nfrom pathlib import Path\n"
        f"sys.path[:0] = {__import__('sys').path!r}\n"
        "from platinfra.drivers.process import LocalProcesses\n"
        "from platinfra.model.ports import *\n"
        "folder = Path(sys.argv[1])\n"
        f"run = CommandSpec('a', (sys.executable, '-c', {NOTED_SLEEP!r}, sys.argv[2]), {{}}, folder, folder / 'log')\n"
        "LocalProcesses(folder).start(ProcessSpec('a.b', run, '1'))\n" + SLEEP
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(__import__("sys").path))
    outer = program(folder, "jupyter.server", code, inner, inner / "pids")
    run = type(outer.run)("jupyter", outer.run.command, dict(os.environ), folder, outer.run.log)
    stack.start(type(outer)("jupyter.server", run, "1"))
    (pid,) = noted(inner / "pids")
    try:
        stack.stop("jupyter.server")
        assert lives(pid)
        stack.shutdown()
        assert lives(pid)
    finally:
        LocalProcesses(inner).shutdown()
    assert not lives(pid)


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("deep-" * 20) / ("folder-" * 15)
    stack = LocalProcesses(folder)
    try:
        stack.start(program(folder, "a.b", SLEEP).__class__("a.b", program(tmp_path, "a.b", SLEEP).run, "1"))
        assert set(stack.statuses()) == {"a.b"}
    finally:
        stack.shutdown()


def test_a_path_with_characters_that_mean_something_to_supervisord_works(tmp_path: Path) -> None:
    folder = tmp_path / "50 %s ;x #1 [ab]* 'q'"
    folder.mkdir()
    stack = LocalProcesses(folder)
    try:
        stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids"))
        noted(folder / "pids")
    finally:
        stack.shutdown()


def test_a_runtime_folder_planted_by_somebody_else_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "r"
    base.mkdir()
    monkeypatch.setattr(runtime_folder, "_parent", lambda: base)
    (base / f"platinfra-{os.geteuid()}").symlink_to(tmp_path)
    with pytest.raises(ActionError, match="runtime-folder-unsafe"):
        LocalProcesses(folder).start(program(folder, "a.b", SLEEP))
    (base / f"platinfra-{os.geteuid()}").unlink()
    (base / f"platinfra-{os.geteuid()}").mkdir()
    (base / f"platinfra-{os.geteuid()}").chmod(0o777)
    with pytest.raises(ActionError, match="other users may enter"):
        LocalProcesses(folder).start(program(folder, "a.b", SLEEP))


def test_the_supervisor_needs_little_memory(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", SLEEP))
    assert process_tree.snapshot()[supervisor_pid(folder)].memory < 60_000_000


def test_a_supervisor_that_cannot_start_says_why(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.conf").write_text("[supervisord]\nnodaemon = perhaps\n")
    monkeypatch.setattr("platinfra.drivers.supervision._CONFIG", tmp_path / "wrong.conf")
    stack = LocalProcesses(folder)
    with pytest.raises(ActionError, match="supervisor-failed") as caught:
        stack.start(program(folder, "a.b", SLEEP))
    assert any("perhaps" in line for line in caught.value.diagnostics[0].details)
    stack.shutdown()
