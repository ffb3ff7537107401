"""Tools with a process or two, or none, each in a stack of its own with what it needs: proved, killed, proved again, ended."""

from collections.abc import Iterator

import psutil
import pytest

from tests.environments import SMALL, TUNING, alone

from .stack import Stack, eventually

pytestmark = [pytest.mark.live]
LONG = 200
"""Seconds that a command may take which starts many programs."""
PROCESSES = {
    "optuna": ["server"],
    "luigi": ["server"],
    "dask": ["scheduler", "worker"],
    "hyperopt": [],
    "keras-tuner": [],
    "vizier": ["server"],
}


@pytest.fixture(scope="module", params=SMALL)
def tool(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def stack(tool: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; every test leaves it healthy."""
    made = Stack(tmp_path_factory.mktemp(tool) / "a stack")
    for each in (tool, "mlflow", "postgres"):
        made.catalog(each)
    made.file.write_text(alone(tool, SMALL[tool]))
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        made.assert_healthy()
        yield made
    finally:
        made.end()


def checked(stack: Stack) -> str:
    done = stack.run("check", within=LONG)
    assert done.code == 0, done.text
    return done.text


def test_it_is_proved_and_listens_on_this_machine_alone(stack: Stack, tool: str) -> None:
    said = checked(stack)
    assert f"✓ {tool} " in said
    assert (f"✓ {tool} → mlflow (trackers)" in said) == (SMALL[tool] == TUNING)
    family = stack.family()
    found = [each for each in psutil.net_connections("inet") if each.pid in family and each.status == "LISTEN"]
    assert {each.laddr.ip for each in found} <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert set(stack.ports().values()) <= {each.laddr.port for each in found}


def test_it_works_again_by_itself_after_each_of_its_processes_was_killed(stack: Stack, tool: str) -> None:
    for process in PROCESSES[tool]:
        stack.crash(f"{tool}.{process}")
        eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 90)
        checked(stack)
    eventually(lambda: len(stack.mains()) == len(stack.programs()))
    stack.assert_healthy()


def test_nothing_is_left_after_its_end(stack: Stack) -> None:
    stack.down()
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    checked(stack)
