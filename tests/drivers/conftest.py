"""One throw-away stack per test, ended whatever happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.drivers import process_tree
from platinfra.drivers.process import LocalProcesses
from platinfra.drivers.program_files import Limits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the state folder of a stack that does not exist yet."""
    return tmp_path / "stack one" / "local"


@pytest.fixture
def stack(folder: Path) -> Iterator[LocalProcesses]:
    """Return the processes of a stack; nothing of them may be left after the test."""
    folder.mkdir(parents=True)
    processes = LocalProcesses(folder, Limits(log_bytes=2000, log_copies=2, startsecs=1))
    yield processes
    processes.shutdown()
    key = processes._supervision.mark
    assert not process_tree.belongings(key, {}, whole_stack=True)
