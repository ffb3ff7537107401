"""NannyML on a machine: the desk starts the looks itself, by the schedule and when somebody asks."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.stacks import resolved
from tests.targets.kubernetes.test_recipes_stores import module

from platinfra.diagnostics import PlatinfraError

cron, looks, desk = (module("_packages", f"data_looks.{each}") for each in ("cron", "looks", "desk"))
objects = module("_packages", "model_server.objects")
STACK = "name: one\nstack:\n  monitoring: [nannyml: {{settings: {{schedule: {}}}}}]\n"
LOOKER = """
import os, pathlib, sys
kept = pathlib.Path(os.environ["STORE_URL"])
print("looked at", kept.name, *sys.argv[1:])
(kept / "results").mkdir(exist_ok=True)
(kept / "results/latest.json").write_text('{"time": 1.0, "rows": {}, "findings": []}')
"""
BROKEN = "raise ValueError('half a table')"


@pytest.mark.parametrize(
    ("text", "moment", "due"),
    [
        ("0 * * * *", "2026-11-27 04:00", True),
        ("0 * * * *", "2026-11-27 04:01", False),
        ("*/15 4-5 * * *", "2026-11-27 05:45", True),
        ("5/20 * * * *", "2026-11-27 05:45", True),
        ("0 4 1,15 * *", "2026-11-15 04:00", True),
        ("0 4 1,15 * *", "2026-11-27 04:00", False),
        ("0 4 * NOV fri", "2026-11-27 04:00", True),
        ("0 4 * * 7", "2026-11-29 04:00", True),
        ("0 4 * * 0", "2026-11-29 04:00", True),
        ("0 4 1 * fri", "2026-11-27 04:00", True),  # one of both kinds of days is enough
        ("0 4 1 * mon", "2026-11-27 04:00", False),
        ("0 4 ? * 5", "2026-11-27 04:00", True),
        ("@daily", "2026-11-27 00:00", True),
        ("@daily", "2026-11-27 01:00", False),
    ],
)
def test_a_schedule_holds_when_cron_says_so(text: str, moment: str, due: bool) -> None:
    assert cron.parse(text).holds(datetime.fromisoformat(moment)) is due
    resolved(STACK.format(json.dumps(text)))


@pytest.mark.parametrize(
    "text", ["hourly", "* * * *", "60 * * * *", "0 24 * * *", "0 0 0 * *", "* * * * 8", "*/0 * * * *"]
)
def test_what_is_no_schedule_is_told_with_its_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"instead of 5|is not within"):
        cron.parse(text)
    with pytest.raises(PlatinfraError) as caught:
        resolved(STACK.format(json.dumps(text)))
    (problem,) = caught.value.diagnostics
    assert problem.code == "wrong-format"
    assert f"`{text}` is not a cron schedule" in problem.message
    assert problem.span
    assert problem.span.line == 3


@contextmanager
def opened(tmp_path: Path, script: str) -> Iterator[str]:
    """Run a desk that starts a program instead of the look."""
    (tmp_path / "look.py").write_text(script)
    (tmp_path / "data").mkdir()
    address = str(tmp_path / "data")
    known = {
        "objects": objects.objects_at(address),
        "apart": lambda trial: objects.objects_at(f"{address}{trial}"),
        "looks": looks.Looks([sys.executable, str(tmp_path / "look.py"), "--option"], address, ["--trial"]),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (desk.Desk,), known))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(5)
    server.server_close()


def ask(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    try:
        with urlopen(Request(url, body, method=method), timeout=20) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_a_look_is_started_and_its_results_are_the_answer(tmp_path: Path) -> None:
    with opened(tmp_path, LOOKER) as url:
        status, told = ask(f"{url}/look", "POST")
        assert (status, told["said"], told["results"]["time"]) == (200, ["looked at data --option"], 1.0)
        assert ask(f"{url}/results") == (200, told["results"])
        assert ask(f"{url}/other", "POST")[0] == 404


def test_a_trial_is_apart_from_what_is_monitored(tmp_path: Path) -> None:
    with opened(tmp_path, LOOKER) as url:
        assert ask(f"{url}/trials/one/current/a.csv", "PUT", b"x\n1\n")[0] == 201
        said = ask(f"{url}/trials/one/look", "POST")[1]["said"]
        assert said == ["looked at one --option --trial"]
        assert ask(f"{url}/trials/one/results")[1]["time"] == 1.0
        assert ask(f"{url}/results")[1]["time"] is None
        assert ask(f"{url}/trials/../results")[0] == 404
    assert (tmp_path / "data/trials/one/current/a.csv").read_bytes() == b"x\n1\n"
    assert not (tmp_path / "data/current").exists()


def test_why_a_look_failed_is_told_until_one_does_not(tmp_path: Path) -> None:
    with opened(tmp_path, BROKEN) as url:
        assert ask(f"{url}/health") == (200, {"status": "ok"})
        assert ask(f"{url}/look", "POST") == (500, {"message": "ValueError: half a table"})
        assert ask(f"{url}/health")[1]["problem"] == "the last look failed: ValueError: half a table"
        (tmp_path / "look.py").write_text(LOOKER)
        assert ask(f"{url}/look", "POST")[0] == 200
        assert ask(f"{url}/health") == (200, {"status": "ok"})


def test_a_failed_trial_is_no_problem_of_the_monitor(tmp_path: Path) -> None:
    with opened(tmp_path, BROKEN) as url:
        assert ask(f"{url}/trials/one/look", "POST")[0] == 500
        assert ask(f"{url}/health") == (200, {"status": "ok"})


def test_the_schedule_starts_a_look_when_it_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    started: list[str] = []

    def look() -> None:
        started.append("now")
        ended.set()
        raise looks.LookError("no table")

    monkeypatch.setattr(looks, "_MINUTE", 0.02)
    kept = looks.Looks([], "")
    monkeypatch.setattr(kept, "look", look)
    kept.follow(cron.parse("* * * * *"), ended)
    assert started == ["now"]


def test_a_cluster_starts_the_looks_itself(tmp_path: Path) -> None:
    handler = type("Here", (desk.Desk,), {"objects": objects.objects_at(str(tmp_path))})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.handle_request).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    assert ask(f"{url}/look", "POST") == (501, {"message": "the cluster starts the looks here, by the schedule"})
    server.server_close()
