"""What servers in front of a model pass on, and what they say when they cannot."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.targets.kubernetes.test_recipes_stores import module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

bodies = module("_packages", "model_server.bodies")
passing_on = module("_packages", "model_server.passing_on")
repository_api = module("_packages", "model_server.repository_api")
StartError = module("_packages", "model_server.processes").StartError


class Model(BaseHTTPRequestHandler):
    """Answers as MLflow's scoring server does, and as a model repository that cannot load anything."""

    def do_POST(self) -> None:
        """Double the inputs, or refuse."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        doubled = [2 * each for each in asked.get("inputs", [])]
        answer = {"predictions": doubled} if doubled else {"error": "no\ninputs"}
        body = json.dumps([] if self.path.endswith("index") else answer).encode()
        self.send_response(200 if doubled or self.path.endswith("index") else 400)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def port() -> Iterator[int]:
    """Return where the model listens."""
    server = HTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_what_the_model_answers_and_refuses_is_passed_on(port: int) -> None:
    assert json.loads(passing_on.score(port, b'{"inputs": [1, 2]}')) == {"predictions": [2, 4]}
    with pytest.raises(passing_on.RefusedError, match="no\ninputs") as caught:
        passing_on.score(port, b"{}")
    assert caught.value.status == 400


def test_a_model_that_is_away_is_not_there_now() -> None:
    with pytest.raises(passing_on.RefusedError, match="does not answer") as caught:
        passing_on.score(1, b"{}")
    assert caught.value.status == 503


def test_without_a_version_nothing_is_served(tmp_path: Path) -> None:
    file = tmp_path / "present.json"
    with pytest.raises(passing_on.RefusedError, match="no model is served now") as caught:
        passing_on.read_present(file)
    assert caught.value.status == 503
    file.write_text('{"port": 5}')
    assert passing_on.read_present(file) == {"port": 5}


def test_a_server_that_cannot_load_says_why_in_one_line(port: int) -> None:
    api = repository_api.RepositoryApi("MLServer", "127.0.0.1", port)
    with pytest.raises(StartError, match=r"^MLServer cannot load it: no inputs$"):
        api.ask("load", "wine")
    assert api.index() == []
    away = repository_api.RepositoryApi("MLServer", "127.0.0.1", 1)
    assert away.index() == []
    with pytest.raises(StartError, match="MLServer does not answer"):
        away.ask("load", "wine")


def test_columns_become_rows_of_one_table() -> None:
    body = bodies.request_body({"x": [1, 2], "n": [3, 4]}, {"columns": True})
    assert body == {"dataframe_split": {"columns": ["x", "n"], "data": [[1, 3], [2, 4]]}}
    with pytest.raises(ValueError, match="different lengths"):
        bodies.request_body({"x": [1, 2], "n": [3]}, {"columns": True})


def test_predictions_get_the_names_of_the_signature() -> None:
    assert bodies.by_output([1, 2], ["y"]) == {"y": [1, 2]}
    assert bodies.by_output([{"0": 1}, {"0": 2}], ["y"]) == {"y": [1, 2]}
    assert bodies.by_output({"a": [1], "b": [2]}, ["a", "b"]) == {"a": [1], "b": [2]}
