"""One command at a time changes a stack."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers.lock import stack_lock

HOLDER = (
    "import sys, time\nfrom pathlib import Path\n"
    "from platinfra.drivers.lock import stack_lock\n"
    "with stack_lock(Path(sys.argv[1]), 'platinfra up'):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(600)"
)


def _holder(folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen([sys.executable, "-c", HOLDER, folder], env=env, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_command_is_refused_at_once_and_told_who_holds_it(tmp_path: Path) -> None:
    child = _holder(tmp_path)
    try:
        started = time.monotonic()
        with pytest.raises(ActionError, match="stack-locked") as caught, stack_lock(tmp_path, "platinfra down"):
            pass
        assert time.monotonic() - started < 1
        message = caught.value.diagnostics[0].message
        assert "`platinfra up`" in message
        assert f"pid {child.pid}" in message
        assert time.strftime("%Y-%m-%d") in message
    finally:
        child.kill()
        child.wait(10)


def test_the_lock_of_a_killed_command_is_free(tmp_path: Path) -> None:
    child = _holder(tmp_path)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    assert (tmp_path / "lock.json").exists()
    with stack_lock(tmp_path, "platinfra up"):
        pass
    assert not (tmp_path / "lock.json").exists()


def test_the_lock_may_be_taken_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), stack_lock(tmp_path, "platinfra up"):
        raise ZeroDivisionError
    with stack_lock(tmp_path, "platinfra up"):
        pass


def test_stale_words_about_the_holder_are_not_repeated(tmp_path: Path) -> None:
    child = _holder(tmp_path)
    try:
        (tmp_path / "lock.json").write_text('{"pid": 1, "start": "never", "command": "old", "since": 0}')
        with pytest.raises(ActionError, match="another command"), stack_lock(tmp_path, "platinfra down"):
            pass
    finally:
        child.kill()
        child.wait(10)


def test_the_processes_that_a_command_started_do_not_hold_its_lock(tmp_path: Path) -> None:
    with stack_lock(tmp_path, "platinfra up"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
    try:
        with stack_lock(tmp_path, "platinfra up"):
            pass
    finally:
        child.kill()
        child.wait(10)
