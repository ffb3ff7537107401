"""What all tests share: the command line in this process, and folders of their own."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from platinfra.cli.main import run
from platinfra.drivers import process_tree
from platinfra.drivers.runtime_folder import runtime_folder

LONGEST = ("test_tutorial.py", "test_lifecycle.py", "test_faults.py", "test_quickstart.py", "test_cloud_services.py")
"""Files whose tests take minutes: they go first, so that no worker waits for them at the end."""
USUAL_PORTS = range(1024, 11000)
"""Where the usual ports of tools lie."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


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
