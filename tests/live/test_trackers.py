"""Aim as the tracker of a machine: what a run recorded is there after whatever served it was killed."""

from collections.abc import Iterator

import pytest

from .asked import LOOPBACK, listeners
from .stack import Stack, eventually

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
LONG = 200
RECORD = """
import aim, os, sys
run = aim.Run(repo=os.environ["AIM_REPO"], experiment="kept", system_tracking_interval=None, log_system_params=False)
run.name = sys.argv[1]
for step in range(100):
    run.track(step / 100, name="loss", step=step)
run.close()
"""
FOUND = """
import aim, os
for each in aim.Repo(os.environ["AIM_REPO"]).query_runs("run.experiment == 'kept'").iter_runs():
    (metric,) = each.run.metrics()
    values = sorted(metric.values.values_numpy())  # they are kept by the hashes of their steps
    print(each.run.name, values == [step / 100 for step in range(100)])
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; after the last test it is stopped, and nothing but its folder is left."""
    made = Stack(tmp_path_factory.mktemp("tracker") / "a stack")
    made.catalog("aim")
    made.file.write_text("name: alone\nstack:\n  experiment_tracker: [aim]\n")
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        made.assert_healthy()
        yield made
        made.usual |= {each.laddr.port for each in listeners(made)}
        assert made.run("down").code == 0
        made.assert_nothing_left()
    finally:
        made.end()


def found(stack: Stack) -> list[str]:
    """Return the runs, and whether all of their values are there, as code of the project finds them."""
    done = stack.run("run", "--", "python", "-c", FOUND, within=LONG)
    assert done.code == 0, done.text
    return sorted(done.out.splitlines())


def record(stack: Stack, name: str) -> None:
    """Record a run by code of the project."""
    done = stack.run("run", "--", "python", "-c", RECORD, name, within=LONG)
    assert done.code == 0, done.text


def test_runs_outlive_every_process(stack: Stack) -> None:
    record(stack, "first")
    assert found(stack) == ["first True"]
    for each in ("tracking", "page"):
        stack.crash(f"aim.{each}")
    eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 60)
    assert found(stack) == ["first True"]
    record(stack, "second")
    assert found(stack) == ["first True", "second True"]
    assert not list(stack.folder.glob(".aim"))


def test_it_listens_on_loopback_alone(stack: Stack) -> None:
    served = listeners(stack)
    assert set(stack.ports().values()) <= {each.laddr.port for each in served}
    assert [each for each in served if not each.laddr.ip.startswith(LOOPBACK)] == []
