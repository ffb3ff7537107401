"""One-off commands end with everything they started."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from platinfra.drivers import process_tree
from platinfra.drivers.process import LocalProcesses

from .programs import CHILD_IN_OWN_SESSION, DAEMON, DEAF, command, eventually, lives, noted


def test_the_exit_code_and_both_outputs_are_returned_and_logged(stack: LocalProcesses, folder: Path) -> None:
    code = "import sys\nprint('out', flush=True)\nprint('err', file=sys.stderr)\nsys.exit(3)"
    spec = command(folder, "a.setup", code)
    assert stack.run(spec, timeout=10) == (3, "out\nerr\n")
    stack.run(spec, timeout=10)
    assert spec.log.read_text() == "out\nerr\n" * 2
    assert spec.log.stat().st_mode & 0o077 == 0


def test_only_the_tail_of_much_output_is_returned(stack: LocalProcesses, folder: Path) -> None:
    spec = command(folder, "a.setup", "print('x' * 1_000_000)\nprint('end')")
    code, text = stack.run(spec, timeout=10)
    assert code == 0
    assert len(text) == 64 * 1024
    assert text.endswith("x\nend\n")
    assert spec.log.stat().st_size > 1_000_000


def test_a_timeout_kills_everything(stack: LocalProcesses, folder: Path) -> None:
    for number, code in enumerate((DEAF, CHILD_IN_OWN_SESSION, DAEMON)):
        started = time.monotonic()
        exit_code, text = stack.run(command(folder, "a.setup", code, folder / f"pids{number}"), timeout=1)
        assert exit_code == 124
        assert "took too long" in text
        assert time.monotonic() - started < 4
        assert not any(map(lives, noted(folder / f"pids{number}")))


def test_what_a_command_leaves_in_the_background_is_ended(stack: LocalProcesses, folder: Path) -> None:
    code = CHILD_IN_OWN_SESSION.replace("time.sleep(600)", "time.sleep(0.5)")
    nested = code[: code.rindex("time.sleep(0.5)")].replace("time.sleep(0.5)", "time.sleep(600)") + "time.sleep(0.5)"
    exit_code, _ = stack.run(command(folder, "a.setup", nested, folder / "pids"), timeout=10)
    assert exit_code == 0
    assert not any(map(lives, noted(folder / "pids")))


def test_a_command_that_does_not_exist_is_127(stack: LocalProcesses, folder: Path) -> None:
    spec = command(folder, "a.setup", "")
    missing = type(spec)("a", ("no-such-command",), {"PATH": "/usr/bin"}, folder, spec.log)
    code, text = stack.run(missing, timeout=5)
    assert code == 127
    assert "no-such-command" in text


def test_only_the_given_environment_is_seen(stack: LocalProcesses, folder: Path) -> None:
    spec = command(folder, "a.setup", "import os\nprint(*sorted(os.environ))", TOKEN="t")
    _, text = stack.run(spec, timeout=5)
    assert set(text.split()) - {"LC_CTYPE"} == {"PATH", process_tree.MARK, "TOKEN"}


def test_interrupt_ends_commands_of_other_threads(stack: LocalProcesses, folder: Path) -> None:
    codes: list[int] = []
    spec = command(folder, "a.setup", DEAF, folder / "pids")
    thread = threading.Thread(target=lambda: codes.append(stack.run(spec, timeout=60)[0]))
    thread.start()
    (pid,) = noted(folder / "pids")
    stack.interrupt()
    thread.join(5)
    assert codes == [130]
    assert not lives(pid)


@pytest.mark.usefixtures("interruptible")
def test_a_keyboard_interrupt_kills_the_command(folder: Path) -> None:
    folder.mkdir(parents=True)
    # Whoever is interrupted while it still starts a program does not know of it: the second is for that.
    deaf = f"import time\ntime.sleep(1)\n{DEAF}"
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from platinfra.drivers.process import LocalProcesses\n"
        "from platinfra.model.ports import *\n"
        "folder = Path(sys.argv[1])\n"
        f"spec = CommandSpec('a', (sys.executable, '-c', {deaf!r}, sys.argv[2]), {{}}, folder, folder / 'log')\n"
        "LocalProcesses(folder).run(spec, timeout=60)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", code, str(folder), str(folder / "pids")]
    caller = subprocess.Popen(arguments, env=env, stderr=subprocess.DEVNULL)
    (pid,) = noted(folder / "pids")
    caller.send_signal(signal.SIGINT)
    caller.wait(10)
    eventually(lambda: not lives(pid), within=5)
