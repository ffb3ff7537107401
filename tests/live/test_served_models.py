"""Servers that follow an alias of MLflow's registry, each in a stack of its own: proved, moved on, killed, ended."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.environments import SERVERS, serving

from .asked import LOOPBACK, PATIENCE, ROWS, Asked, listeners
from .stack import eventually, kill

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
PARTS = {
    "kserve": ("scoring.py", "/serve.py", "server.py"),
    "litserve": ("scoring.py", "spawn_main", "/serve.py", "server.py"),
    "mlserver": ("scoring.py", "bin/mlserver", "server.py"),
    "ray-serve": (
        "scoring.py",
        "ray::ServeReplica",
        "ray::ProxyActor",
        "ray::ServeController",
        "raylet/raylet",
        "gcs/gcs_server",
        "/application.py",
        "/server.py",
    ),
}
"""Words in the commands of a server's processes."""
METRICS = {
    "kserve": ("http", 'request_predict_seconds_count{model_name="wine"}'),
    "litserve": ("status", "model_server_up 1"),
    "mlserver": ("metrics", 'model_infer_request_success_total{model="wine"'),
    "ray-serve": ("status", "model_server_up 1"),
}
"""Where a server tells its numbers, and one of them."""
SCORED = {"dataframe_split": {"columns": ["x", "n"], "data": [[1.5, 1], [4.0, 2]]}}
"""The rows of laptop_models.py as MLflow's scoring protocol has them."""


class Served(Asked):
    """The stack of a server."""

    tool = ""

    def infer(self) -> Any:
        """Return what the server predicts; None when it does not."""
        if self.tool in {"litserve", "ray-serve"}:
            status, answer = self.ask(f"{self.tool}.http", "invocations", json.dumps(SCORED).encode(), "POST")
            return answer["predictions"] if status == 200 else None
        status, answer = self.ask(f"{self.tool}.http", "v2/models/wine/infer", json.dumps(ROWS).encode(), "POST")
        return answer["outputs"][0]["data"] if status == 200 else None

    def told(self) -> dict[str, Any]:
        """Return what the server's status says."""
        return dict(self.ask(f"{self.tool}.status", "health")[1] or {})

    def serves(self, version: str) -> bool:
        """Tell whether the server serves a version."""
        told = self.told()
        return (told.get("status"), told.get("version")) == ("serving", version)

    def process(self, word: str) -> int:
        """Return the process of the server with a word in its command."""
        return self.process_of(f"{self.tool}.server", word)


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return the running stack; after the last test it is stopped, and nothing but its folder is left."""
    tool = str(request.param)
    made = Served(tmp_path_factory.mktemp(tool) / "a stack")
    made.tool = tool
    for each in (tool, "mlflow", "postgres"):
        made.catalog(each)
    made.file.write_text(serving(tool))
    try:
        done = made.run("up", within=PATIENCE)
        assert done.code == 0, done.text
        yield made
        made.usual |= {each.laddr.port for each in listeners(made)}
        assert made.run("down").code == 0
        made.assert_nothing_left()
    finally:
        made.end()


def test_it_waits_for_a_model(served: Served) -> None:
    assert served.told() == {"status": "waiting", "waiting_for": "models:/wine@champion"}
    assert served.status()[served.tool]["health"] == "waiting"
    assert served.infer() is None
    said = served.run("check", served.tool, within=PATIENCE)
    assert said.code == 0, said.text
    assert "models:/wine@champion names no version" in said.text


def test_it_predicts_what_the_model_of_the_alias_does(served: Served) -> None:
    first = served.client("register", "numbers")
    eventually(lambda: served.serves(first), PATIENCE)
    assert served.infer() == pytest.approx(json.loads(served.client("predict")))
    second = served.client("register", "words")
    while not served.serves(second):
        assert served.infer() is not None  # a request at any time is answered, by the one or the other
    words = json.loads(served.client("predict"))
    assert set(words) <= {"low", "high"}
    assert served.infer() == words
    served.check(served.tool)


def test_it_comes_back_whatever_dies(served: Served) -> None:
    words = served.infer()
    assert words
    for word in PARTS[served.tool]:
        kill(served.process(word))
        eventually(lambda: served.infer() == words, PATIENCE)
    eventually(lambda: len(served.mains()[f"{served.tool}.server"]) == 1)
    served.check(served.tool)


def test_it_listens_on_loopback_alone(served: Served) -> None:
    found = listeners(served)
    own = {port for name, port in served.ports().items() if name.startswith(f"{served.tool}.")}
    assert own <= {each.laddr.port for each in found}
    assert [each for each in found if not each.laddr.ip.startswith(LOOPBACK)] == []


def test_its_metrics_are_those_of_the_present(served: Served) -> None:
    endpoint, counted = METRICS[served.tool]
    assert counted in served.ask(f"{served.tool}.{endpoint}", "metrics")[1]
