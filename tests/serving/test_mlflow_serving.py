"""MLflow's own server is there when the alias names a version, and is the one it names."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from model_servers import ModelRegistry, Served, fetch, lives, until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(300)]


def metrics(served: Served) -> dict[str, str]:
    """Return the metrics beside the server, without their types."""
    status, _, body = fetch(f"{served.status_url}/metrics")
    assert status == 200
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    return dict(line.rsplit(" ", 1) for line in lines)


@pytest.mark.finding("F8")
def test_it_follows_the_alias_from_nothing_over_a_broken_version_to_a_clean_end(
    serve: Callable[[str], Served], registry: ModelRegistry
) -> None:
    served = serve("mlflow-serving")
    assert served.health() == {"status": "waiting", "waiting_for": f"models:/{served.model}@champion"}
    assert metrics(served)["model_server_up"] == "0"
    assert json.loads(fetch(served.status_url)[2]) == served.health()
    assert fetch(f"{served.url}/ping")[0] == 503  # the port is held from the start
    assert json.loads(fetch(f"{served.url}/invocations", b"{}")[2])["message"] == "no model is served now"
    checked = served.check(registry.url)
    assert (checked.returncode, checked.stderr.strip()) == (
        75,
        f"no predictions: models:/{served.model}@champion names no version",
    )
    first = registry.register(served.model, "one")
    until(lambda: served.serves(first))
    assert served.score()[2] == [1.0, 1.0]
    second = registry.register(served.model, "two")
    until(lambda: served.serves(second))
    assert served.score()[2] == [2.0, 2.0]
    assert served.check(registry.url).returncode == 0
    assert metrics(served)["model_server_up"] == "1"
    assert [each for each in metrics(served) if f'model="{served.model}",version="{second}"' in each]
    assert metrics(served)["model_server_problem"] == "0"
    registry.register(served.model, "broken")
    until(lambda: "problem" in served.health() and served.serves(second))
    assert metrics(served)["model_server_problem"] == "1"
    assert served.score()[2] == [2.0, 2.0]
    family = served.stop()
    assert not [process for process in family if lives(process)]
    assert fetch(f"{served.url}/ping")[0] == 0


def test_a_killed_wrapper_leaves_no_server(serve: Callable[[str], Served], registry: ModelRegistry) -> None:
    served = serve("mlflow-serving")
    version = registry.register(served.model, "one")
    until(lambda: served.serves(version))
    family = served.stop(signal.SIGKILL)
    assert len(family) >= 2
    until(lambda: not any(lives(process) for process in family), seconds=10)
