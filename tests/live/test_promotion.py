"""A challenger becomes champion and goes back while a server answers, with MLflow and the model server as they are."""

import json
from pathlib import Path

import pytest

from .asked import PATIENCE, Asked
from .stack import eventually
from .test_served_models import SCORED

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
FILE = """\
name: promoting
stack:
  model_registry: [mlflow]
  model_serving: [fastapi: {settings: {model: wine, poll_seconds: 0.5}}]
"""


class Promoting(Asked):
    """The stack of a registry and a server."""

    def predict(self) -> object:
        """Return what the server predicts."""
        return self.ask("fastapi.http", "invocations", json.dumps(SCORED).encode(), "POST")[1].get("predictions")

    def told(self) -> dict[str, str]:
        """Return what the server's health says."""
        return dict(self.ask("fastapi.http", "health")[1] or {})

    def move(self, *words: str) -> str:
        """Move the champion, and return what is said about it."""
        done = self.run("models", *words, "--yes", within=PATIENCE)
        assert done.code == 0, done.text
        return done.err


def test_promoting_changes_the_answers_and_rolling_back_brings_the_former_ones(tmp_path: Path) -> None:
    stack = Promoting(tmp_path / "a stack")
    for tool in ("fastapi", "mlflow", "postgres"):
        stack.catalog(tool)
    stack.file.write_text(FILE)
    try:
        done = stack.run("up", "--why", "a first try", within=PATIENCE)
        assert done.code == 0, done.text
        assert "no model is registered yet" in stack.run("models").err
        assert stack.client("register", "numbers") == "1"
        eventually(lambda: stack.told().get("version") == "1", PATIENCE)
        numbers = stack.predict()
        assert stack.client("register", "words", "challenger") == "2"
        said = stack.move("promote", "wine", "--why", "words are plainer")
        assert "version 2 of `wine` is the champion, before it was version 1; fastapi answers with it" in said
        words = stack.predict()
        assert set(words) <= {"low", "high"}
        [wine] = json.loads(stack.run("models", "--json").out)["models"]
        assert [(each["version"], each["aliases"], each["served_by"]) for each in wine["versions"]] == [
            ("2", ["challenger", "champion"], ["fastapi"]),
            ("1", [], []),
        ]
        assert "(tag `platinfra.replaced` of version 2)" in stack.move("rollback", "wine")
        assert stack.predict() == numbers
        entries = json.loads(stack.run("audit", "--json").out)["entries"]
        assert [(each["action"], each["object"], each["why"]) for each in reversed(entries)] == [
            ("up", "promoting", "a first try"),
            ("models promote", "wine", "words are plainer"),
            ("models rollback", "wine", ""),
        ]
        assert stack.run("audit", "verify").err == "3 entries, unbroken\n"
        assert stack.run("down").code == 0
    finally:
        stack.end()
