"""Stacks that start at the same time choose different ports."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.drivers.reservations import reserve

SCRIPT = "import sys, time; from platinfra.drivers.reservations import reserve; print(reserve(lambda avoid: {'a': 5000 if 5000 not in avoid else 5001}), flush=True); time.sleep(60)"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


def test_a_port_that_another_command_chose_is_left_to_it(runtime: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "{'a': 5000}\n"
            assert reserve(lambda avoid: {"b": 5001 if 5000 in avoid else 5000}) == {"b": 5001}
        finally:
            other.kill()


def test_a_command_that_ended_reserves_nothing(runtime: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert done.stdout is not None
    done.stdout.readline()
    done.kill()
    done.wait()
    done.stdout.close()
    assert reserve(lambda avoid: {"b": 5001 if 5000 in avoid else 5000}) == {"b": 5000}


def test_a_damaged_note_is_started_anew(runtime: Path) -> None:
    reserve(lambda _: {"a": 5000})
    (note,) = runtime.glob("platinfra-*/ports/reserved.json")
    note.write_text("{")
    assert reserve(lambda avoid: {"a": 5000 if not avoid else 1}) == {"a": 5000}
    assert list(json.loads(note.read_text())) == ["5000"]
