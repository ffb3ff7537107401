"""Libraries that search and validate, in one stack: each finds its own runs in the tracker, and flows use all of them."""

from collections.abc import Iterator

import pytest

from platinfra.targets.local.verbs.machine import environments
from tests.environments import resolve_clients

from .asked import PATIENCE
from .stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
LIBRARIES = ("great-expectations", "pandera", "hyperopt")
STACK = """\
name: libraries
stack:
  pipelining: [prefect]
  experiment_tracker: [mlflow]
  hyperparameter_tuning: [hyperopt]
  data_quality: [great-expectations, pandera]
"""


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; after the test it is stopped, and nothing but its folder is left."""
    made = Stack(tmp_path_factory.mktemp("libraries") / "a stack")
    for tool in ("great-expectations", "mlflow", "postgres", "prefect"):
        made.catalog(tool)
    made.file.write_text(STACK)
    resolve_clients(environments(), STACK)
    try:
        done = made.run("up", within=PATIENCE)
        assert done.code == 0, done.text
        yield made
        made.usual |= set(made.ports().values())
        assert made.run("down").code == 0
        made.assert_nothing_left()
    finally:
        made.end()


def test_each_library_finds_its_own_runs_and_flows_use_them(stack: Stack) -> None:
    done = stack.run("check", within=3 * PATIENCE)
    assert done.code == 0, done.text
    for tool in LIBRARIES:
        assert f"✓ {tool} → mlflow (trackers)" in done.text
    for tool, wire in zip(LIBRARIES, ("validators", "validators", "tuners"), strict=True):
        assert f"✓ prefect → {tool} ({wire})" in done.text
