"""The portal as an ASGI application."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from platinfra.app.portal import Window
from platinfra.diagnostics import PlatinfraError
from platinfra.portal.gate import Gate
from platinfra.portal.html import FOLDER
from platinfra.portal.pages import Pages
from platinfra.portal.session import Session, same

_LARGEST = 4_096
"""Bytes of a form."""


def portal(
    window: Window, session: Session, say: Callable[[str], None], is_closing: Callable[[], bool] = lambda: False
) -> Gate:
    """Return the application; `say` gets each new login path, `is_closing` ends streams."""
    pages = Pages(window, session, is_closing)
    routes = [
        Route("/", pages.overview),
        Route("/graph", pages.graph),
        Route("/components/{name}", pages.component),
        Route("/components/{name}/restart", pages.ask_restart),
        Route("/components/{name}/restart", _with_form(pages.restart, session), methods=["POST"]),
        Route("/logs", pages.logs),
        Route("/logs/stream", pages.log_stream),
        Route("/changes", pages.changes),
        Route("/catalog", pages.catalog),
        Mount("/static", StaticFiles(directory=FOLDER / "static")),
    ]
    problems = {PlatinfraError: pages.problem, HTTPException: pages.no_page}
    return Gate(Starlette(routes=routes, exception_handlers=problems), session, say)


def _with_form(act: Callable[[Request], Response], session: Session) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that acts only on a form of the portal's own pages: it holds their token."""

    async def endpoint(request: Request) -> Response:
        if int(request.headers.get("content-length", _LARGEST + 1)) > _LARGEST:
            raise HTTPException(413, "This form is too large.")
        fields = QueryParams(await request.body())
        if not same(fields.get("form", ""), session.form):
            raise HTTPException(403, "This form is from another run of the portal. Load the page again.")
        return await run_in_threadpool(act, request)

    return endpoint
