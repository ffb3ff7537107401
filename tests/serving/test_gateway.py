"""The gateway follows the registry and loses no request while it does."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from model_servers import ModelRegistry, Served, fetch, free_port, lives, until
from tests.slow import all_but

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
THREADS, REQUESTS_PER_THREAD, PAUSE_SECONDS = 4, 100, 0.1


@pytest.fixture
def served(serve: Callable[[str], Served]) -> Served:
    return serve("fastapi")


def worker_of(served: Served) -> psutil.Process:
    """Find the scoring worker of a gateway."""
    assert served.process
    children = psutil.Process(served.process.pid).children()
    return next(child for child in children if any("scoring.py" in part for part in child.cmdline()))


def test_it_waits_for_a_model_and_then_serves_it(served: Served, registry: ModelRegistry) -> None:
    assert served.health() == {"status": "waiting", "waiting_for": f"models:/{served.model}@champion"}
    assert served.score()[0] == 503
    assert fetch(f"{served.url}/ping")[0] == 503
    status, headers, body = fetch(served.url)
    assert (status, "text/html" in headers["content-type"], b"/openapi.json" in body) == (200, True, True)
    assert served.check(registry.url).returncode == 75
    version = registry.register(served.model, "one")
    until(lambda: served.serves(version))
    assert served.score() == (200, version, [1.0, 1.0])
    assert fetch(f"{served.url}/ping")[0] == 200
    assert fetch(f"{served.url}/version")[2].startswith(b"3.")
    assert served.check(registry.url).returncode == 0
    metrics = fetch(f"{served.url}/metrics")
    assert metrics[1]["content-type"].startswith("text/plain")
    assert f'model="{served.model}"'.encode() in metrics[2]
    assert b'model_server_requests_total{code="200"}' in metrics[2]


def test_the_answer_to_a_wrong_request_is_that_of_mlflow(served: Served, registry: ModelRegistry) -> None:
    until_serving(served, registry, "one")
    status, _, body = fetch(f"{served.url}/invocations", b'{"rows": 1}')
    assert (status, b"BAD_REQUEST" in body) == (400, True)


def test_a_moved_alias_costs_no_request(served: Served, registry: ModelRegistry) -> None:
    first = until_serving(served, registry, "one")
    answers: list[list[tuple[int, str, Any]]] = [[] for _ in range(THREADS)]
    threads = [threading.Thread(target=load, args=(served, mine)) for mine in answers]
    for thread in threads:
        thread.start()
    second = registry.register(served.model, "two")
    for thread in threads:
        thread.join()
    good = {(200, first, (1.0, 1.0)), (200, second, (2.0, 2.0))}
    assert {(status, version, tuple(rows)) for status, version, rows in itertools.chain(*answers)} == good
    for mine in answers:
        assert [version for version, _ in itertools.groupby(answer[1] for answer in mine)] == [first, second]


@pytest.mark.slow
def test_a_request_in_hand_is_answered_by_the_version_that_took_it(served: Served, registry: ModelRegistry) -> None:
    first = until_serving(served, registry, "slow")
    second = registry.register(served.model, "two")
    until(lambda: served.health().get("preparing"))
    worker, answers = worker_of(served), []
    asking = threading.Thread(target=lambda: answers.append(served.score()))
    asking.start()
    until(lambda: served.score()[1] == second)
    assert lives(worker)
    asking.join()
    assert answers == [(200, first, [5.0, 5.0])]
    until(lambda: not lives(worker), seconds=10)


def load(served: Served, answers: list[tuple[int, str, Any]]) -> None:
    """Ask again and again at a steady pace."""
    for _ in range(REQUESTS_PER_THREAD):
        answers.append(served.score())
        time.sleep(PAUSE_SECONDS)


def until_serving(served: Served, registry: ModelRegistry, model: str) -> str:
    """Register a model and wait until it is served; return its version."""
    version = registry.register(served.model, model)
    until(lambda: served.serves(version))
    return version


@pytest.mark.parametrize(
    ("model", "reason"), all_but("broken", [("broken", "Unpickling"), ("foreign", "Python 3.7.1")])
)
def test_a_version_that_cannot_be_served_keeps_the_former(
    served: Served, registry: ModelRegistry, model: str, reason: str
) -> None:
    good = until_serving(served, registry, "one")
    bad = registry.register(served.model, model)
    problem = until(lambda: served.health().get("problem"))
    assert reason in problem
    assert problem.startswith(f"version {bad} cannot be served")
    assert served.serves(good)
    assert served.score() == (200, good, [1.0, 1.0])
    registry.point(served.model, good)
    until(lambda: "problem" not in served.health())


def test_a_first_version_that_cannot_be_served_is_a_failure_not_a_wait(served: Served, registry: ModelRegistry) -> None:
    registry.register(served.model, "foreign")
    health = until(lambda: served.health() if served.health()["status"] == "failed" else None)
    assert "Python 3.7.1" in health["problem"]
    assert served.score()[0] == 503


@pytest.mark.slow
def test_a_deleted_alias_ends_the_serving(served: Served, registry: ModelRegistry) -> None:
    until_serving(served, registry, "one")
    registry.point(served.model, "")
    until(lambda: served.health()["status"] == "waiting")
    assert served.score()[0] == 503
    assert served.check(registry.url).returncode == 75


def test_a_worker_killed_under_load_costs_no_request(served: Served, registry: ModelRegistry) -> None:
    version = until_serving(served, registry, "one")
    worker = worker_of(served)
    answers: list[list[tuple[int, str, Any]]] = [[] for _ in range(THREADS)]
    threads = [threading.Thread(target=load, args=(served, mine)) for mine in answers]
    for thread in threads:
        thread.start()
    until(lambda: len(answers[0]) > 10)
    worker.kill()
    for thread in threads:
        thread.join()
    assert {(status, made, tuple(rows or ())) for status, made, rows in itertools.chain(*answers)} == {
        (200, version, (1.0, 1.0))
    }
    assert worker_of(served).pid != worker.pid


@pytest.mark.slow
def test_nobody_waits_for_a_worker_that_does_not_come_back(served: Served, registry: ModelRegistry) -> None:
    version = until_serving(served, registry, "one")
    [model] = (served.folder / "data" / "models").iterdir()
    (model / "MLmodel").rename(model / "gone")
    worker_of(served).kill()
    until(lambda: served.score()[0] == 503)
    assert served.health()["status"] == "restarting"
    (model / "gone").rename(model / "MLmodel")
    assert until(lambda: served.score()[0] == 200 and served.score()) == (200, version, [1.0, 1.0])


def test_the_end_signal_leaves_no_process(served: Served, registry: ModelRegistry) -> None:
    until_serving(served, registry, "one")
    began = time.monotonic()
    family = served.stop()
    assert time.monotonic() - began < 10
    assert len(family) >= 2
    assert not [process for process in family if lives(process)]


def test_a_killed_gateway_leaves_no_worker(served: Served, registry: ModelRegistry) -> None:
    until_serving(served, registry, "one")
    family = served.stop(signal.SIGKILL)
    until(lambda: not any(lives(process) for process in family), seconds=5)


@pytest.mark.slow
def test_the_last_version_is_served_again_without_the_registry(served: Served, registry: ModelRegistry) -> None:
    version = until_serving(served, registry, "one")
    served.stop()
    began = time.monotonic()
    served.start(f"http://127.0.0.1:{free_port()}")
    until(lambda: served.serves(version))
    assert time.monotonic() - began < 20
    assert "unreachable" in served.health()["problem"]
    assert served.score() == (200, version, [1.0, 1.0])
