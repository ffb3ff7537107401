"""Ask HTTP endpoints; `http.client` is loaded five times faster than httpx, and a probe needs no more."""

import http.client
import socket
from contextlib import suppress
from threading import Timer
from urllib.parse import SplitResult, urljoin, urlsplit

from platinfra.model.ports import Answer

_LARGEST = 1024 * 1024
_REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)


class HttpProbes:
    """Implements `Probes`; proxies never matter, and no connection is kept open."""

    def get(self, url: str, *, timeout: float = 2.0) -> Answer:
        """
        Return the answer of `url` (at most 1 MiB of it); `timeout` in seconds bounds all of each request.

        Redirects within the same host are followed. A server that does not answer is no error.
        """
        try:
            return _follow(url, timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(0, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)

    def connect(self, host: str, port: int, *, timeout: float = 1.0) -> bool:
        """Tell whether something accepts TCP connections there, within `timeout` seconds."""
        try:
            socket.create_connection((host, port), timeout).close()
        except OSError:
            return False
        return True


def _follow(url: str, timeout: float) -> Answer:
    for _ in range(_REDIRECTS):
        answer, location = _ask(urlsplit(url), timeout)
        target = urljoin(url, location)
        if answer.status not in _MOVED or not location or urlsplit(target).netloc != urlsplit(url).netloc:
            break
        url = target
    return answer


def _ask(url: SplitResult, timeout: float) -> tuple[Answer, str]:
    connection = _connection(url, timeout)
    expired: list[bool] = []
    timer = Timer(timeout, _expire, (connection, expired))
    timer.daemon = True
    timer.start()
    try:
        path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        connection.request("GET", path, headers={"Accept": "*/*", "User-Agent": "platinfra", "Connection": "close"})
        response = connection.getresponse()
        text = response.read(_LARGEST).decode(response.headers.get_content_charset("utf-8"), errors="replace")
        if expired:
            raise TimeoutError("timed out")
        return Answer(response.status, text), response.headers.get("Location", "")
    except (OSError, http.client.HTTPException) as error:
        raise TimeoutError("timed out") if expired else error from error
    finally:
        timer.cancel()
        connection.close()


def _connection(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    kinds = {"http": http.client.HTTPConnection, "https": getattr(http.client, "HTTPSConnection", None)}
    kind = kinds.get(url.scheme)
    if kind is None or not url.hostname:
        raise ValueError(f"not an HTTP address: {url.geturl()}")
    return kind(url.hostname, url.port, timeout=timeout)


def _expire(connection: http.client.HTTPConnection, expired: list[bool]) -> None:
    """Close the connection under a server that keeps sending a little: a socket's timeout is per packet."""
    expired.append(True)
    with suppress(OSError):
        if connection.sock:
            connection.sock.shutdown(socket.SHUT_RDWR)
