"""What all tests share: the command line in this process, and folders of their own."""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from platinfra.cli.main import run
from platinfra.drivers import process_tree
from platinfra.drivers.runtime_folder import runtime_folder
from platinfra.facts import aws
from tests.distribution import longest_first, scheduler
from tests.durations import Recorder

USUAL_PORTS = range(1024, 11000)
"""Where the usual ports of tools lie."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-durations", action="store_true", help="write how long tests took: tests/durations.txt")


def pytest_configure(config: pytest.Config) -> None:
    """Record in the process that hears of every test: a worker hears only of its own."""
    if config.getoption("--record-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Take long tests of one file apart where the files are kept together."""
    return scheduler(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker waits for it at the end."""
    longest_first(items)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let what the test starts heed SIGINT: in the background of a script it is ignored, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def platinfra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Run `platinfra ARGS` in this process, in `tmp_path` unless the test changed the folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def command(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["platinfra", *arguments])
        try:
            code = run()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return command


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings about versions of Kubernetes on EKS come with time: here it is always the same day."""
    monkeypatch.setattr(aws, "today", lambda: date(2026, 12, 10))


@pytest.fixture(scope="session", autouse=True)
def own_ports() -> Iterator[None]:
    """
    Keep usual ports from being used by two workers of pytest-xdist: each has those whose number suits its own.

    A stack that is down for a moment has no process that would keep its ports from the stacks of other tests.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        yield
        return
    number, workers = int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    folder = tempfile.mkdtemp(dir="/tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        controller = process_tree.snapshot()[os.getppid()]
        holder = {"pid": controller.pid, "start": controller.start}
        note = runtime_folder("ports") / "reserved.json"
        note.parent.mkdir(mode=0o700, parents=True)
        note.parent.parent.chmod(0o700)
        note.write_text(json.dumps({port: holder for port in USUAL_PORTS if port % workers != number}))
        yield
    shutil.rmtree(folder)
