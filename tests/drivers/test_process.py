"""Programs start, stop and are replaced; the stack tells what they do."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers import process_tree
from platinfra.drivers.process import LocalProcesses

from .programs import (
    CHILD_IN_OWN_SESSION,
    DEAF,
    NOTED_SLEEP,
    PORT_CHILD,
    SLEEP,
    eventually,
    lives,
    noted,
    pids,
    program,
)


def test_a_program_runs_and_its_output_is_logged(stack: LocalProcesses, folder: Path) -> None:
    spec = program(folder, "mlflow.server", "import sys\nprint('out')\nprint('err', file=sys.stderr)\n" + SLEEP)
    stack.start(spec)
    eventually(lambda: stack.statuses()["mlflow.server"].state == "running")
    status = stack.statuses()["mlflow.server"]
    assert status.pid
    assert lives(status.pid)
    assert status.restarts == 0
    assert status.digest == "1"
    assert status.memory > 1_000_000
    eventually(lambda: "err" in spec.run.log.read_text())


def test_exactly_the_given_environment_is_seen(stack: LocalProcesses, folder: Path) -> None:
    out = folder / "env"
    code = "import os, sys\nopen(sys.argv[1] + '.part', 'w').write(repr(sorted(os.environ)))\n"
    stack.start(program(folder, "a.b", code + "os.rename(sys.argv[1] + '.part', sys.argv[1])\n" + SLEEP, out))
    eventually(out.exists)
    assert set(eval(out.read_text())) - {"LC_CTYPE"} == {"PATH", process_tree.MARK}


def test_start_keeps_a_program_with_the_same_digest(stack: LocalProcesses, folder: Path) -> None:
    spec = program(folder, "a.b", NOTED_SLEEP, folder / "pids")
    stack.start(spec)
    (first,) = noted(folder / "pids")
    stack.start(spec)
    LocalProcesses(folder).start(spec)
    time.sleep(0.3)
    assert pids(folder / "pids") == [first]


def test_start_replaces_a_program_with_another_digest(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids"))
    noted(folder / "pids")
    stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids", digest="2"))
    first, second = noted(folder / "pids", 2)
    assert not lives(first)
    assert lives(second)
    assert stack.statuses()["a.b"].digest == "2"
    assert stack.statuses()["a.b"].restarts == 0


def test_programs_start_in_parallel(stack: LocalProcesses, folder: Path) -> None:
    specs = [program(folder, f"c{number}.server", SLEEP) for number in range(6)]
    threads = [threading.Thread(target=stack.start, args=(spec,)) for spec in specs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    eventually(lambda: all(each.state == "running" for each in stack.statuses().values()))
    assert set(stack.statuses()) == {spec.name for spec in specs}


def test_the_programs_outlive_the_command_that_started_them(stack: LocalProcesses, folder: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from platinfra.drivers.process import LocalProcesses\n"
        "from platinfra.model.ports import *\n"
        "folder = Path(sys.argv[1])\n"
        "run = CommandSpec('a', (sys.executable, '-c', 'import time; time.sleep(600)'), {}, folder, folder / 'log')\n"
        "LocalProcesses(folder).start(ProcessSpec('a.b', run, '1'))"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, timeout=30, env=env)
    pid = stack.statuses()["a.b"].pid
    assert pid
    assert lives(pid)


def test_stop_ends_a_program_and_children_in_their_own_session(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", CHILD_IN_OWN_SESSION, folder / "pids"))
    (child,) = noted(folder / "pids")
    stack.stop("a.b")
    assert not lives(child)
    assert "a.b" not in stack.statuses()
    assert not (folder / "run" / "a.b.json").exists()


def test_stop_of_an_unknown_name_is_no_error(stack: LocalProcesses, folder: Path) -> None:
    stack.stop("no.such")
    stack.start(program(folder, "a.b", SLEEP))
    stack.stop("no.such")


def test_a_program_that_ignores_its_signal_is_killed_after_the_grace(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", DEAF, folder / "pids", grace=1))
    (pid,) = noted(folder / "pids")
    started = time.monotonic()
    stack.stop("a.b")
    assert not lives(pid)
    assert 0.8 < time.monotonic() - started < 5


def test_the_stop_signal_of_the_tool_is_sent_to_its_main_process(stack: LocalProcesses, folder: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "def end(number, _):\n"
        "    open(sys.argv[1] + '.signal', 'w').write(str(number))\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGINT, end)\n" + NOTED_SLEEP
    )
    stack.start(program(folder, "a.b", code, folder / "pids", signal="INT"))
    noted(folder / "pids")
    stack.stop("a.b")
    assert (folder / "pids.signal").read_text() == str(int(signal.SIGINT))


def test_restart_starts_the_same_program_again(stack: LocalProcesses, folder: Path) -> None:
    stack.start(program(folder, "a.b", NOTED_SLEEP, folder / "pids"))
    noted(folder / "pids")
    stack.restart("a.b")
    first, second = noted(folder / "pids", 2)
    assert not lives(first)
    assert lives(second)
    assert stack.statuses()["a.b"].restarts == 0


def test_restart_of_an_unknown_name_is_refused(stack: LocalProcesses) -> None:
    with pytest.raises(ActionError, match="process-unknown"):
        stack.restart("no.such")


def test_listeners_are_found_in_the_whole_tree(stack: LocalProcesses, folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stack.start(program(folder, "a.b", PORT_CHILD, folder / "pids", port))
    noted(folder / "pids")
    eventually(lambda: len(stack.listeners("a.b")) == 2)
    assert {(each.host, each.port) for each in stack.listeners("a.b")} == {("127.0.0.1", port)}


def test_statuses_are_empty_when_nothing_was_started(stack: LocalProcesses) -> None:
    assert stack.statuses() == {}


def test_statuses_are_cheap(stack: LocalProcesses, folder: Path) -> None:
    for number in range(3):
        stack.start(program(folder, f"c{number}.server", SLEEP))
    times = []
    for _ in range(5):
        started = time.perf_counter()
        stack.statuses()
        times.append(time.perf_counter() - started)
    assert min(times) < 0.05


def test_secrets_are_in_no_command_line_and_in_no_file_that_others_can_read(
    stack: LocalProcesses, folder: Path
) -> None:
    spec = program(folder, "a.b", NOTED_SLEEP, folder / "pids")
    secret = "s3cr3t-of-this-test"
    run = type(spec.run)("a", spec.run.command, {**spec.run.env, "TOKEN": secret}, folder, spec.run.log)
    stack.start(type(spec)("a.b", run, "1"))
    noted(folder / "pids")
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(secret.encode() in line for line in lines)
    holding = [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert holding == [folder / "run" / "a.b.json"]
    assert holding[0].stat().st_mode & 0o077 == 0
    assert secret not in repr(run)


def test_a_command_that_does_not_exist_backs_off_and_says_so(stack: LocalProcesses, folder: Path) -> None:
    spec = program(folder, "a.b", SLEEP)
    run = type(spec.run)("a", ("no-such-command",), {"PATH": "/usr/bin"}, folder, spec.run.log)
    stack.start(type(spec)("a.b", run, "1"))
    eventually(lambda: stack.statuses()["a.b"].state == "backoff")
    assert "cannot run no-such-command" in spec.run.log.read_text()


def test_logs_are_rotated(stack: LocalProcesses, folder: Path) -> None:
    code = "import time\nfor n in range(400):\n    print('x' * 50, flush=True)\n    time.sleep(0.001)\n" + SLEEP
    spec = program(folder, "a.b", code)
    stack.start(spec)
    eventually((folder / "logs" / "a.b.log.2").exists)
    time.sleep(0.5)
    sizes = [path.stat().st_size for path in (folder / "logs").iterdir()]
    assert len(sizes) == 3
    assert max(sizes) < 2000 + 8192


@pytest.mark.parametrize("name", ["../x", "a b", "a:b", ""])
def test_a_name_that_could_leave_the_folder_is_refused(stack: LocalProcesses, folder: Path, name: str) -> None:
    with pytest.raises(ActionError, match="process-name"):
        stack.start(program(folder, "a.b", SLEEP).__class__(name, program(folder, "a.b", SLEEP).run, "1"))
