"""The pages of the portal: each looks at the stack when it is asked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from platinfra.app.graph import BOX, draw
from platinfra.app.portal import Answered, Window
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.event import Event
from platinfra.portal import html
from platinfra.portal.headline import headline
from platinfra.portal.log_lines import extract, from_position, sources_of, stream
from platinfra.portal.session import Session
from platinfra.targets.answers import ComponentStatus, RunningStack

_FRESH = 300.0
"""Seconds for which a list of the tools is kept."""
_FEW_LINES = 60
"""Lines of a log on the page of its component."""


@dataclass(frozen=True, slots=True)
class Pages:
    """One stack as pages."""

    window: Window
    session: Session
    is_closing: Callable[[], bool]
    listed: list[tuple[float, Answered]] = field(default_factory=list)
    """The tools as they were listed last, and when: to read them all takes seconds."""

    def overview(self, _: Request) -> Response:
        """Show the health of every component."""
        stack, components = self.window.describe(), self.window.status()
        return self._page("overview.html", stack, components=components, line=headline(components))

    def graph(self, _: Request) -> Response:
        """Show what is wired to what."""
        stack = self.window.describe()
        health = {each.name: each.health for each in self.window.status()}
        return self._page("graph.html", stack, drawing=draw(stack.graph), box=BOX, health=health)

    def component(self, request: Request) -> Response:
        """Show one component: how it is, what it was told, what it may do, what it says."""
        stack = self.window.describe()
        status = self._status(request)
        found = extract(self.window.logs(), status.name, "", None, _FEW_LINES)
        return self._page("component.html", stack, each=status, found=found)

    def logs(self, request: Request) -> Response:
        """Show the ends of logs, or what is before a place in one."""
        chosen, text = request.query_params.get("component", ""), request.query_params.get("text", "")
        before = from_position(request.url.query).get("before")
        reader = self.window.logs()
        return self._page(
            "logs.html",
            self.window.describe(),
            found=extract(reader, chosen, text, before),
            sources=reader.sources,
            chosen=chosen,
            text=text,
            before=before,
        )

    def log_stream(self, request: Request) -> Response:
        """Follow logs from the places that the page, or what came last, named."""
        chosen, asked = request.query_params.get("component", ""), request.query_params.get("after", "")
        reader = self.window.logs()
        after = from_position(request.headers.get("last-event-id", asked))
        ends = {name: after.get(name, 0) for name in sources_of(reader, chosen)}
        return StreamingResponse(stream(reader, ends, "", self.is_closing), media_type="text/event-stream")

    def changes(self, _: Request) -> Response:
        """Show what `up` would do."""
        plan = self.window.plan()
        return self._page("changes.html", self._find_stack(), plan=plan.data, messages=plan.messages)

    def catalog(self, _: Request) -> Response:
        """Show the tools by stage."""
        answer, stack = self._list_tools(), self._find_stack()
        tools = answer.data["tools"] if answer.data else []
        here = {each.tool: each.name for each in stack.graph.components.values()} if stack else {}
        stages = sorted({stage for each in tools for stage in each["stages"]})
        return self._page("catalog.html", stack, tools=tools, stages=stages, here=here, messages=answer.messages)

    def ask_restart(self, request: Request) -> Response:
        """Ask whether a component is to be restarted."""
        status = self._status(request)
        uses = [each.consumer for each in self.window.describe().graph.bindings_to(status.name)]
        return self._page("restart.html", self._find_stack(), each=status, uses=list(dict.fromkeys(uses)))

    def restart(self, request: Request) -> Response:
        """Restart a component, and show what came of it."""
        name = self._status(request).name
        events: list[Event] = []
        problems: tuple[Diagnostic, ...] = ()
        try:
            events = self.window.restart(name)
        except PlatinfraError as error:
            problems = error.diagnostics
        status = 502 if problems else 200
        return self._page("restarted.html", self._find_stack(), status, name=name, events=events, problems=problems)

    def problem(self, _: Request, error: Exception) -> Response:
        """Show what is wrong, or that there is nothing yet to show."""
        problems = error.diagnostics if isinstance(error, PlatinfraError) else ()
        down = any(each.code == "not-up" for each in problems)
        return self._page("problem.html", None, 200 if down else 500, problems=problems, down=down)

    def no_page(self, _: Request, error: Exception) -> Response:
        """Answer what the server itself refuses."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._page("no_page.html", None, status, said=getattr(error, "detail", ""))

    def _list_tools(self) -> Answered:
        """Return the tools, listed anew when the last list is old or failed."""
        now = time.monotonic()
        if not self.listed or now - self.listed[0][0] > _FRESH or self.listed[0][1].data is None:
            self.listed[:] = [(now, self.window.tools())]
        return self.listed[0][1]

    def _status(self, request: Request) -> ComponentStatus:
        name = request.path_params["name"]
        found = next((each for each in self.window.status() if each.name == name), None)
        if found is None:
            raise HTTPException(404, "No component of the stack has this name.")
        return found

    def _find_stack(self) -> RunningStack | None:
        """Return the stack that was brought up, if there is one."""
        try:
            return self.window.describe()
        except PlatinfraError:
            return None

    def _page(self, template: str, stack: RunningStack | None, status: int = 200, **values: Any) -> Response:
        graph = stack.graph if stack else None
        return html.page(
            template,
            status,
            view=template.removesuffix(".html"),
            title=graph.stack if graph else self.window.workspace.folder.name,
            environment=self.window.workspace.environment,
            stack=stack,
            graph=graph,
            window=self.window,
            form=self.session.form,
            **values,
        )
