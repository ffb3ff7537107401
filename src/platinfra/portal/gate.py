"""What every request has to pass, and what every answer carries."""

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platinfra.portal.html import page
from platinfra.portal.session import Session, same

_LOGIN = "/login/"
_OPEN = "/static/"
"""Style and script, which say nothing about the stack."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Gate:
    """Answers what may not pass, and lets in who comes by the login path."""

    def __init__(self, app: ASGIApp, session: Session, say: Callable[[str], None]) -> None:
        """Guard `app`; `say` tells people a new login path once one was used."""
        self._app, self._session, self._say = app, session, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._answer(Request(scope)) or self._app
        await answer(scope, receive, send_safely)

    def _answer(self, request: Request) -> Response | None:
        """Return the answer to a request that does not pass; None for one that does."""
        if request.headers.getlist("host") != [self._session.address]:
            return PlainTextResponse("This is not the address that the portal was started with.\n", 403)
        if request.url.path.startswith(_LOGIN):
            return self._login(request)
        return None if request.url.path.startswith(_OPEN) else self._answer_stranger(request)

    def _answer_stranger(self, request: Request) -> Response | None:
        """Return the answer to who has no cookie, and to a form from elsewhere."""
        if not same(request.cookies.get(self._session.cookie_name, ""), self._session.cookie):
            return page("locked.html", 401, used=False)
        if request.method == "POST" and request.headers.getlist("origin") != [self._session.origin]:
            return PlainTextResponse("This form is not on a page of the portal.\n", 403)
        return None

    def _login(self, request: Request) -> Response:
        """Give the cookie: by a page that leads on, since a browser that comes from elsewhere would not send it after a redirect."""
        if request.method != "GET" or not self._session.accept_login(request.url.path.removeprefix(_LOGIN)):
            return page("locked.html", 401, used=True)
        self._say(self._session.login_url)
        answer = page("entered.html", 200)
        answer.set_cookie(self._session.cookie_name, self._session.cookie, path="/", httponly=True, samesite="strict")
        return answer
