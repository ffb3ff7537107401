"""What each page shows of a stack."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from platinfra.app.portal import Answered, Window, leading_file
from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.model.graph import Component, Graph
from platinfra.model.workspace import Workspace
from platinfra.portal.headline import headline
from tests.portal.stack import HOSTILE, TEXT, FakeWindow, browser, window, with_health

INLINE = {"a", "code", "span", "strong", "time"}
VOID = {"meta", "link", "input", "br", "path", "rect"}
VIEWS = ("/", "/graph", "/components/mlflow", "/components/mlflow/restart", "/logs", "/changes", "/catalog")


class Outline(HTMLParser):
    """Reads a page, and sees what a screen reader needs; raises AssertionError for tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += "" if tag in INLINE else " "
        self.ids += [str(value) for key, value in attrs if key == "id"]
        inline = [key for key, value in attrs if key.startswith("on") or key == "style"]
        assert inline == [], f"{tag}: the policy of its content forbids {inline}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += "" if tag in INLINE else " "

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def shown(tmp_path: Path) -> FakeWindow:
    return window(tmp_path)


@contextmanager
def page(shown: Window, path: str) -> Iterator[str]:
    with browser(shown) as person:
        yield person.page(path)


def plain(text: str) -> str:
    """Return what a page says, spaces joined."""
    return " ".join(Outline(text).text.split())


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_is_whole_has_landmarks_and_nothing_from_elsewhere(shown: FakeWindow, path: str) -> None:
    with page(shown, path) as text:
        outline = Outline(text)
    assert [outline.tags.count(each) for each in ("html", "header", "main", "h1")] == [1, 1, 1, 1]
    assert outline.tags.index("nav") < outline.tags.index("main")
    assert len(outline.ids) == len(set(outline.ids))
    assert re.findall(r'(?:src|href)="(?!/|#|http://127\.0\.0\.1)([^"]*)"', text) == []
    assert "<style" not in text
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="/static/portal.js">']


def test_the_overview_counts_what_is_healthy_and_shows_each_component(shown: FakeWindow) -> None:
    with page(shown, "/") as text:
        said = plain(text)
    count = len(shown.components)
    assert f"{count} of {count} healthy" in said
    assert "experiment_tracker · artifact_tracker · model_registry mlflow ✓ healthy version 1.2.3 memory 120 MB" in said
    assert "started 5 min ago" in said
    assert 'href="http://127.0.0.1:20000"' in text
    for each in shown.components:
        assert f'href="/components/{each.name}"' in text


def test_the_overview_names_what_failed_and_offers_what_helps(shown: FakeWindow) -> None:
    with page(with_health(shown, "mlflow", "failed", "server is backoff"), "/") as text:
        assert (
            f"{len(shown.components) - 1} of {len(shown.components)} healthy mlflow is failed: server is backoff"
            in plain(text)
        )
    line, _, _ = text.partition('class="cards"')
    assert 'href="/components/mlflow/restart"' in line
    assert 'href="/logs?component=mlflow"' in line


def test_the_overview_tells_how_to_start_what_is_stopped(shown: FakeWindow) -> None:
    with page(with_health(shown, "prefect", "stopped"), "/") as text:
        assert "Start what is stopped: platinfra up" in plain(text)


def test_a_headline_has_the_worst_first_and_waiting_is_fine(shown: FakeWindow) -> None:
    for name, health in (
        ("mlflow", "starting"),
        ("prefect", "failed"),
        ("postgres", "stopped"),
        ("evidently", "waiting"),
    ):
        shown = with_health(shown, name, health)
    line = headline(shown.components)
    assert line.health == "failed"
    assert [each.name for each in line.wrong] == ["prefect", "postgres", "mlflow"]
    assert line.text.startswith(f"{len(shown.components) - 3} of ")


def test_the_graph_draws_every_wire_and_says_it_in_words_too(shown: FakeWindow) -> None:
    assert shown.stack
    bindings = shown.stack.graph.bindings
    with page(shown, "/graph") as text:
        picture, _, table = text.partition("</svg>")
    pairs = {(each.consumer, each.provider) for each in bindings}
    assert picture.count('class="wire"') == len(pairs) > 3
    assert picture.count('class="box healthy"') == len(shown.components)
    rows = [" ".join(Outline(row).text.split()) for row in re.findall(r"<tr><th scope=.row.*?</tr>", table)]
    assert [row.split()[:3] for row in rows] == [[each.consumer, each.provider, each.name] for each in bindings]
    assert 'aria-label="mlflow to postgres: backend may connect, read, write, create"' in picture


def test_a_component_shows_what_it_was_told_may_do_and_says(shown: FakeWindow) -> None:
    with page(shown, "/components/mlflow") as text:
        said = plain(text)
    assert "workers 1" in said
    assert 'href="http://127.0.0.1:20000"' in text
    assert "backend may connect, read, write, create postgres" in said
    assert "prefect may read, write this one as trackers" in said
    assert "URL=postgresql://<secret mlflow.password>@h" in said
    assert "mlflow.server mlflow.server listens" in said


def test_a_page_with_a_login_says_what_logs_in(shown: FakeWindow) -> None:
    with browser(shown) as person:
        assert "platinfra open jupyterlab" in person.page("/components/jupyterlab")
        assert "platinfra open" not in person.page("/components/mlflow")


def test_an_unknown_component_and_page_are_told(shown: FakeWindow) -> None:
    with browser(shown) as person:
        for path in ("/components/none", "/components/none/restart", "/none"):
            answer = person.ask(path)
            assert (answer.status, "There is nothing here" in answer.text) == (404, True)


def test_a_restart_is_asked_about_done_once_and_its_outcome_shown(shown: FakeWindow) -> None:
    with browser(shown) as person:
        asked = person.page("/components/mlflow/restart")
        assert "Meanwhile prefect, jupyterlab cannot use it" in plain(asked)
        assert shown.restarts == []
        form = re.search(r'<form method="post" action="([^"]+)".*?name="form" value="([^"]+)"', asked, re.DOTALL)
        assert form
        assert form[2] == person.session.form
        answer = person.send(form[1])
    assert answer.status == 200
    assert "mlflow was restarted" in plain(answer.text)
    assert "1.5 s mlflow healthy" in plain(answer.text)
    assert shown.restarts == ["mlflow"]


class Refusing(FakeWindow):
    """A stack in which nothing can be restarted."""

    def restart(self, component: str) -> list:
        problem = Diagnostic("not-ready", f"`{component}` does not answer", hint="see its log", details=("<boom>",))
        raise ActionError(problem)


def test_a_restart_that_fails_says_why(shown: FakeWindow) -> None:
    failing = Refusing(**{name: getattr(shown, name) for name in shown.__dataclass_fields__})
    with browser(failing) as person:
        answer = person.send("/components/mlflow/restart")
    assert answer.status == 502
    assert "mlflow was not restarted" in plain(answer.text)
    assert "error[not-ready] mlflow does not answer see its log <boom>" in plain(answer.text)


def test_changes_are_shown_with_the_command_that_makes_them(shown: FakeWindow) -> None:
    changes = [
        {"verb": "create", "summary": "start `x.server`", "component": "x", "loses": "", "paths": []},
        {"verb": "remove", "summary": "remove y", "component": "y", "loses": "its data", "paths": ["a.b"]},
        {"verb": "unchanged", "summary": "start z", "component": "z", "loses": "", "paths": []},
    ]
    with page(replace(shown, planned=Answered({"changes": changes}, "warning[placeholder]: x")), "/changes") as text:
        said = plain(text)
    assert "2 to do, 1 unchanged" in said
    assert "+ create start x.server" in said
    assert "- remove remove y loses its data a.b" in said
    assert "warning[placeholder]: x" in said
    assert "platinfra up" in said


def test_a_file_that_cannot_be_planned_is_told_in_its_own_words(shown: FakeWindow) -> None:
    with page(replace(shown, planned=Answered(None, "error[unknown-tool]: `x`")), "/changes") as text:
        assert "error[unknown-tool]: `x`" in plain(text)


def test_the_catalog_shows_what_runs_here_and_the_lines_that_add_a_tool(shown: FakeWindow) -> None:
    def line(name: str, stages: list[str], asks: list[str]) -> dict[str, object]:
        return {
            "name": name,
            "summary": f"{name}!",
            "stages": stages,
            "targets": ["local"],
            "needs": ["sql_database"],
            "asks": asks,
        }

    listed = Answered(
        {"tools": [line("mlflow", ["experiment_tracker"], []), line("serve", ["model_serving"], ["model"])]}, ""
    )
    with page(replace(shown, listed=listed), "/catalog") as text:
        said = plain(text)
    assert "mlflow runs here mlflow!" in said
    assert (
        "serve serve! on local · needs sql_database Add stack: model_serving: - serve: {settings: {model: …}}" in said
    )
    assert "<pre>stack:\n  model_serving:\n    - serve: {settings: {model: …}}</pre>" in text


def test_the_lines_that_add_a_tool_are_valid(tmp_path: Path) -> None:
    import yaml

    file = tmp_path / "platinfra.yaml"
    file.write_text(TEXT)
    listed = Window(Workspace(file)).tools()
    assert listed.data
    with page(replace(window(tmp_path), listed=listed), "/catalog") as text:
        found = [yaml.safe_load(each) for each in re.findall(r"<pre>(stack:.*?)</pre>", text, re.DOTALL)]
    assert {"stack": {"hyperparameter_tuning": ["vizier"]}} in found
    assert {"stack": {"model_serving": [{"fastapi": {"settings": {"model": "…"}}}]}} in found


def test_a_plan_is_that_of_the_command(tmp_path: Path) -> None:
    file = tmp_path / "platinfra.yaml"
    file.write_text(TEXT)
    plan = Window(Workspace(file)).plan()
    assert plan.data
    assert "start mlflow.server" in {each["summary"] for each in plan.data["changes"]}
    file.write_text("name: demo\nstack: {monitoring: [evidentli]}\n")
    wrong = Window(Workspace(file)).plan()
    assert wrong.data is None
    assert "error[unknown-tool]" in wrong.messages


def test_commands_name_the_file_and_environment_where_people_would_have_to(tmp_path: Path) -> None:
    usual, other = Window(Workspace(tmp_path / "platinfra.yaml")), Window(Workspace(tmp_path / "my stack.yaml", "prod"))
    assert usual.command("up") == "platinfra up"
    assert other.command("up") == "platinfra up 'my stack.yaml' --env prod"
    assert other.command("open", "mlflow") == "platinfra open mlflow --file 'my stack.yaml' --env prod"


@pytest.mark.parametrize("path", [each for each in VIEWS if each not in {"/changes", "/catalog"}])
def test_without_a_running_stack_a_view_says_what_starts_one(shown: FakeWindow, path: str) -> None:
    down = PlatinfraError(Diagnostic("not-up", "no stack is running"))
    with page(replace(shown, failures=[down]), path) as text:
        assert (
            "Nothing is running Once the stack is up, its components appear here. Start it with platinfra up"
            in plain(text)
        )


def test_what_is_wrong_with_the_state_is_told(shown: FakeWindow) -> None:
    damaged = PlatinfraError(Diagnostic("state-damaged", "neither copy can be read", hint="restore it"))
    with browser(replace(shown, failures=[damaged])) as person:
        answer = person.ask("/")
    assert answer.status == 500
    assert "error[state-damaged] neither copy can be read restore it" in plain(answer.text)


def test_names_and_lines_that_are_html_are_shown_as_they_are(shown: FakeWindow, tmp_path: Path) -> None:
    assert shown.stack
    name = HOSTILE.replace("/", "-")
    graph = Graph(
        HOSTILE,
        HOSTILE,
        "local",
        {name: Component(name, HOSTILE, (HOSTILE,), {HOSTILE: HOSTILE}, reason=f"`{HOSTILE}`")},
        (),
    )
    log = tmp_path / "log"
    log.write_text(f"{HOSTILE}\n")
    component = replace(shown.components[0], name=name, tool=HOSTILE, stages=(HOSTILE,), version=HOSTILE)
    tool = dict.fromkeys(("name", "summary"), HOSTILE) | {
        key: [HOSTILE] for key in ("stages", "targets", "needs", "asks")
    }
    change = {"verb": HOSTILE, "summary": HOSTILE, "loses": HOSTILE, "paths": [HOSTILE]}
    hostile = replace(
        shown,
        stack=replace(
            shown.stack, graph=graph, addresses={name: {HOSTILE: HOSTILE}}, variables={name: {HOSTILE: HOSTILE}}
        ),
        components=[replace(component, health="failed", detail=f"`{HOSTILE}`", address=f'http://"{HOSTILE}')],
        files={name: log},
        planned=Answered({"changes": [change]}, HOSTILE),
        listed=Answered({"tools": [tool]}, HOSTILE),
    )
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    with browser(hostile) as person:
        for path in (
            "/",
            "/graph",
            f"/components/{quoted}",
            f"/components/{quoted}/restart",
            "/logs",
            f"/logs?text={quoted}",
            "/changes",
            "/catalog",
            f"/{quoted}",
        ):
            text = person.ask(path).text
            assert "alert" in text or path.startswith("/%"), path
            assert "<script>" not in text, path
            assert 'http://"' not in text, path
        asked = json.dumps(person.send(f"/components/{quoted}/restart").text)
        assert "<script>" not in asked


def test_a_browser_is_led_by_a_private_file_and_not_by_its_arguments(tmp_path: Path) -> None:
    shown, address = Window(Workspace(tmp_path / "platinfra.yaml")), "http://127.0.0.1:7700/login/word"
    assert leading_file(shown, address) is None
    shown.workspace.root.mkdir(parents=True)
    led = leading_file(shown, address)
    assert led
    assert "word" not in led
    file = Path(led.removeprefix("file://"))
    assert f'content="0; url={address}"' in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
