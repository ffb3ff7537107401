"""Evidently's desk: tables go in, and by its schedule reports of their drift are in the workspace, whatever dies."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from .asked import LOOPBACK, PATIENCE, Asked, listeners
from .stack import eventually

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
STACK = 'name: reports\nstack:\n  monitoring: [evidently: {settings: {schedule: "* * * * *"}}]\n'


class Reports(Asked):
    """The stack, and how people use it."""

    def put(self, kind: str, name: str, middle: float) -> None:
        """Upload rows around a value."""
        chance = random.Random(7)
        text = "id,x\n" + "".join(f"{row},{chance.gauss(middle, 1)}\n" for row in range(300))
        assert self.ask("evidently.desk", f"{kind}/{name}.csv", text.encode(), "PUT")[0] == 201

    def results(self) -> dict[str, Any]:
        """Return what the desk says of the last look."""
        return dict(self.ask("evidently.desk", "results")[1])

    def reports(self) -> dict[str, list[str]]:
        """Return the reports of the scheduled looks that the server has, each with its tags."""
        known = self.ask("evidently.http", "api/projects")[1]
        found = [each["id"] for each in known if each["name"] == "evidently"]
        kept = [each for project in found for each in self.ask("evidently.http", f"api/projects/{project}/reports")[1]]
        return {each["id"]: each["tags"] for each in kept}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports]:
    """Return the running stack; after the last test it is stopped, and nothing but its folder is left."""
    made = Reports(tmp_path_factory.mktemp("reports") / "a stack")
    made.catalog("evidently")
    made.file.write_text(STACK)
    try:
        done = made.run("up", within=PATIENCE)
        assert done.code == 0, done.text
        yield made
        made.usual |= {each.laddr.port for each in listeners(made)}
        assert made.run("down").code == 0
        made.assert_nothing_left()
    finally:
        made.end()


def test_reports_are_made_by_the_schedule_and_outlive_every_process(stack: Reports) -> None:
    stack.check("evidently")
    assert stack.results()["time"] is None  # the check worked in a trial
    assert stack.reports() == {}
    stack.put("reference", "a", 0)
    stack.put("current", "a", 4)
    eventually(lambda: stack.results()["time"] is not None, PATIENCE)
    first = stack.results()
    assert [(each["metric"], each["alert"]) for each in first["findings"]] == [("x", True)]
    assert stack.reports()[first["report"]] == ["scheduled"]
    assert 'evidently_alert{calculation="drift",metric="x"} 1.0' in stack.ask("evidently.desk", "metrics")[1]
    for process in ("desk", "server"):
        stack.crash(f"evidently.{process}")
        eventually(lambda: stack.status()["evidently"]["health"] == "healthy", PATIENCE)
    assert first["report"] in stack.reports()
    eventually(lambda: stack.results()["time"] > first["time"], PATIENCE)
    assert {first["report"], stack.results()["report"]} <= stack.reports().keys()
    assert [each for each in listeners(stack) if not each.laddr.ip.startswith(LOOPBACK)] == []


def test_why_a_look_failed_is_told_until_one_does_not(stack: Reports) -> None:
    assert stack.ask("evidently.desk", "current/b.csv", b"y\n1\n", "PUT")[0] == 201
    assert stack.ask("evidently.desk", "trials/odd/reference/a.csv", b"x\n1\n2\n", "PUT")[0] == 201
    assert stack.ask("evidently.desk", "trials/odd/current/a.csv", b"y\n1\n2\n", "PUT")[0] == 201
    status, answer = stack.ask("evidently.desk", "trials/odd/look", method="POST")
    assert status == 500
    assert "no column in common" in json.dumps(answer)
    status, answer = stack.ask("evidently.desk", "look", method="POST")
    assert status == 200
    assert answer["results"]["rows"]["current"] == 301
