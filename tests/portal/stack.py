"""A stack that does not run, as the portal is told of one, and a browser for it."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from platinfra.app.portal import Answered, Window
from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.log_file import read_after, read_before
from platinfra.drivers.port import listen
from platinfra.model.event import Event
from platinfra.model.log_page import LogPage
from platinfra.model.workspace import Workspace
from platinfra.portal.app import portal
from platinfra.portal.server import server_of
from platinfra.portal.session import Session
from platinfra.targets.answers import ComponentStatus, RunningStack
from tests.stacks import graph_of

TEXT = """
name: demo
stack:
  experiment_tracker: [mlflow]
  artifact_tracker: [mlflow]
  model_registry: [mlflow]
  orchestrator: [prefect]
  notebook: [jupyterlab]
  monitoring: [evidently]
"""
HOSTILE = '<script>alert("x")</script>'
_WITHIN = 20.0


@dataclass(frozen=True)
class FakeLogs:
    """Logs in a folder, one for each component."""

    files: Mapping[str, Path]

    @property
    def sources(self) -> Mapping[str, str]:
        return {name: name.partition(".")[0] for name in self.files}

    def before(self, source: str, end: int | None, lines: int) -> LogPage:
        return read_before(self.files[source], end, lines)

    def after(self, source: str, start: int) -> LogPage:
        return read_after(self.files[source], start)


@dataclass(frozen=True)
class FakeWindow(Window):
    """What the portal asks, answered as a test wants it."""

    components: list[ComponentStatus] = field(default_factory=list)
    stack: RunningStack | None = None
    files: dict[str, Path] = field(default_factory=dict)
    restarts: list[str] = field(default_factory=list)
    failures: list[PlatinfraError] = field(default_factory=list)
    planned: Answered = field(default_factory=lambda: Answered({"changes": []}, ""))
    listed: Answered = field(default_factory=lambda: Answered({"tools": []}, ""))

    def status(self) -> list[ComponentStatus]:
        self._fail()
        return self.components

    def describe(self) -> RunningStack:
        self._fail()
        assert self.stack
        return self.stack

    def logs(self) -> FakeLogs:
        return FakeLogs(self.files)

    def restart(self, component: str) -> list[Event]:
        self.restarts.append(component)
        return [Event(component, "starting", f"{component}.server", 0.1), Event(component, "healthy", "", 1.5)]

    def plan(self) -> Answered:
        return self.planned

    def tools(self) -> Answered:
        return self.listed

    def _fail(self) -> None:
        if self.failures:
            raise self.failures[0]


def window(folder: Path, **options: Any) -> FakeWindow:
    """Return a healthy stack with wires whose logs lie in a folder."""
    graph = graph_of(TEXT)
    components = [
        ComponentStatus(
            each.name, each.tool, each.stages, "healthy", "", "1.2.3", f"http://127.0.0.1:{20_000 + number}",
            120_000_000, 0, 2, 300.0 * (number + 1),
        )
        for number, each in enumerate(graph.components.values())
    ]  # fmt: skip
    stack = RunningStack(
        graph=graph,
        addresses={each.name: {"http": each.address} for each in components},
        variables={each.name: {"URL": f"postgresql://<secret {each.name}.password>@h"} for each in components},
        with_login=frozenset({"jupyterlab"}),
    )
    files = {f"{each.name}.server": folder / f"{each.name}.log" for each in components}
    for name, file in files.items():
        file.write_text(f"{name} listens\n")
    return FakeWindow(Workspace(folder / "platinfra.yaml"), components=components, stack=stack, files=files, **options)


def with_health(shown: FakeWindow, name: str, health: str, detail: str = "") -> FakeWindow:
    """Return the stack with a component whose health is another one."""
    changed = [replace(each, health=health, detail=detail) if each.name == name else each for each in shown.components]
    return replace(shown, components=changed)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Browser:
    """Asks a portal as browsers do, or as they must not."""

    session: Session
    told: list[str] = field(default_factory=list)

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str | None) -> Answer:
        """Return the answer; a header of None is left out."""
        usual: dict[str, str | None] = {"Host": self.session.address, "Cookie": self.cookie}
        sent = {key: value for key, value in {**usual, **headers}.items() if value is not None}
        connection = HTTPConnection(self.session.address, timeout=_WITHIN)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for key, value in sent.items():
                connection.putheader(key, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
            connection.endheaders(body.encode() if body else None)
            answer = connection.getresponse()
            return Answer(
                answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read().decode()
            )
        finally:
            connection.close()

    def page(self, path: str) -> str:
        """Return a page that is there."""
        answer = self.ask(path)
        assert answer.status == 200, answer.text
        return answer.text

    def send(self, path: str, **headers: str | None) -> Answer:
        """Send a form as its page does."""
        return self.ask(
            path, "POST", urlencode({"form": self.session.form}), **{"Origin": self.session.origin, **headers}
        )

    @property
    def cookie(self) -> str:
        return f"{self.session.cookie_name}={self.session.cookie}"


@contextmanager
def browser(shown: Window) -> Iterator[Browser]:
    """Serve a portal in a thread."""
    with listen(0) as door:
        session = Session("{}:{}".format(*door.getsockname()))
        made = Browser(session)
        server = server_of(portal(shown, session, made.told.append, lambda: server.should_exit))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + _WITHIN
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join(_WITHIN)
            assert not thread.is_alive()
