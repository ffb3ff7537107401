"""Ask servers that others run, with the credentials for them: through the proxies and certificates of whoever asks."""

import base64
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from platinfra.drivers.loopback import LOOPBACK
from platinfra.model.ports import Answer

_LONGEST = 1 << 20


def ask(url: str, login: tuple[str, ...] = (), *, timeout: float = 10.0, body: str | None = None) -> Answer:
    """
    Return the answer of `url` (at most 1 MiB of it) to GET, or to POST with a `body` in JSON.

    `timeout` in seconds is that of each read.

    A `login` of one is a bearer token, of two a user and a password; neither follows a redirect. A server that does
    not answer is no error.
    """
    try:
        kind = {"Content-Type": "application/json"} if body is not None else {}
        data = None if body is None else body.encode()
        request = Request(url, data, {"User-Agent": "platinfra", **kind})  # noqa: S310 - `at` is an http(s) address
        if login:
            request.add_unredirected_header("Authorization", _authorization(login))
        with _opener(url).open(request, timeout=timeout) as response:
            return Answer(response.status, response.read(_LONGEST).decode(errors="replace"))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read(_LONGEST).decode(errors="replace"))
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return Answer(0, f"{type(reason).__name__}: {reason}" if str(reason) else type(reason).__name__)


def _opener(url: str) -> OpenerDirector:
    """Return what asks an address: through a proxy, unless it is on this machine."""
    host = urlsplit(url).hostname or ""
    here = host in LOOPBACK or host.startswith("127.")
    return build_opener(*([ProxyHandler({})] if here else []))


def _authorization(login: tuple[str, ...]) -> str:
    if len(login) == 1:
        return f"Bearer {login[0]}"
    return f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"
