"""Requests to the API of a cluster, over connections that are kept: the official client has the kubeconfig and the login."""

import contextlib
import ipaddress
import json
import logging
import os
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.drivers import kubernetes_problems

Query = Mapping[str, str]
JSON, MERGE, APPLY = "application/json", "application/merge-patch+json", "application/apply-patch+yaml"
_CONNECT = 5.0
"""Seconds until a connection has to be there."""
_AGAIN = 3
"""Times that a request is sent which the server asked to repeat, or whose kept connection was gone."""
_CONNECTIONS = 16
_IMPORTING = threading.Lock()


class Refused(Exception):  # noqa: N818  what the server answers is no error of ours
    """An answer that is no success."""

    def __init__(self, status: int, content: Mapping[str, Any]) -> None:
        """Keep the HTTP status, and the `Status` object that the server sent."""
        super().__init__(content.get("message") or f"HTTP {status}")
        self.status = status
        self.message = str(content.get("message") or f"the server answered with HTTP {status}")
        details: Mapping[str, Any] = content.get("details") or {}
        self.causes: list[Mapping[str, Any]] = list(details.get("causes") or ())


class Connection:
    """The API of one context; nothing is read or asked before the first request."""

    def __init__(self, context: str | None, kubeconfig: Path | None, timeout: float) -> None:
        """Remember the context, the current one where none is named; `timeout` in seconds bounds each request."""
        self.context, self.timeout = context, timeout
        self._file = str(kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config")
        self._client: Any = None
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def interrupt(self) -> None:
        """Wake who waits in `pause`, now and later; they raise ActionError. Requests still go out: something may have to be cleaned up."""
        self._ended.set()

    def pause(self, seconds: float) -> None:
        """Wait; raise ActionError once interrupted."""
        if self._ended.wait(seconds):
            message = "what was asked of the cluster was interrupted"
            raise ActionError(Diagnostic("interrupted", message, hint="run the command again"))

    def contexts(self) -> tuple[list[str], str | None]:
        """Return the contexts of the kubeconfig, and the current one."""
        config = _library().config
        try:
            found, current = config.list_kube_config_contexts(self._file)
        except config.ConfigException:
            return [], None
        return [each["name"] for each in found], current["name"] if current else None

    def check_context(self) -> None:
        """Raise PlatinfraError when the kubeconfig does not have the context, or none at all."""
        known, current = self.contexts()
        if not known:
            hint = "get a kubeconfig from whoever runs the cluster; KUBECONFIG names one that is not `~/.kube/config`"
            raise PlatinfraError(Diagnostic("no-context", "there is no kubeconfig with a context", hint=hint))
        wanted = self.context or current
        if wanted not in known:
            named = f"has no context `{wanted}`" if wanted else "names no current context"
            hint = (did_you_mean(wanted, known) if wanted else None) or f"it has {join_names(known) or 'none'}"
            raise PlatinfraError(Diagnostic("unknown-context", f"the kubeconfig {named}", hint=hint))

    def ask(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Any = None,
        *,
        content: str = JSON,
        accept: str = JSON,
    ) -> Any:
        """
        Send a request; return the answer, parsed where it is JSON.

        Raises Refused for what the server answers, and ActionError when it does not answer.
        """
        from urllib3.exceptions import HTTPError, ProtocolError

        refusal = _library().client.ApiException  # which the client makes of TLS errors
        for number in range(_AGAIN):
            try:
                answer = self._send(method, path, query or {}, body, content, accept)
            except ProtocolError as error:  # a kept connection that the server had closed
                if number == _AGAIN - 1:
                    raise self._silent(error) from error
                continue
            except (HTTPError, refusal) as error:
                raise self._silent(error) from error
            seconds = answer.getheader("Retry-After") if answer.status in (429, 503) else None
            if seconds is None or not seconds.isdigit() or number == _AGAIN - 1:
                return _read(answer)
            self.pause(min(float(seconds), self.timeout))
        raise AssertionError("unreachable")

    def failure(self, what: str, error: Refused) -> ActionError:
        """Return what to tell when the server refused `what`."""
        text = "Unauthorized" if error.status == 401 else error.message
        return kubernetes_problems.action_error(what, text, "cluster-refused", self.address)

    @property
    def address(self) -> str:
        """Return the address of the API."""
        return str(self._login().configuration.host)

    def _send(self, method: str, path: str, query: Query, body: Any, content: str, accept: str) -> Any:
        client = self._login()
        headers = {"Accept": accept, **({"Content-Type": content} if body is not None else {})}
        text = json.dumps(body) if content == APPLY else body
        request = client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=headers,
            body=text,
            auth_settings=["BearerToken"],
        )
        answer = client.call_api(*request, _request_timeout=(min(_CONNECT, self.timeout), self.timeout))
        answer.read()  # here, where a silence in the middle is told as one
        return answer

    def _login(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._open()
        return self._client

    def _open(self) -> Any:
        library = _library()
        configuration = library.client.Configuration()
        with _log_lines() as said:
            try:
                library.config.load_kube_config(self._file, self.context, configuration, persist_config=False)
            except (library.config.ConfigException, ValueError, OSError) as error:
                said.append(str(error))
        if said:  # the program that fetches a token failed, or the file is damaged
            raise kubernetes_problems.action_error(
                "logging in", "\n".join(["getting credentials", *said]), "cluster-refused"
            )
        configuration.retries = False
        configuration.connection_pool_maxsize = _CONNECTIONS
        if _is_loopback(configuration.host):
            configuration.proxy = None
        return library.client.ApiClient(configuration)

    def _silent(self, error: Exception) -> ActionError:
        return kubernetes_problems.action_error(
            "asking the cluster", _words(error, self.timeout), "cluster-refused", self.address
        )


def _library() -> Any:
    """Return the official client, which takes half a second to import; one thread at a time does, as its modules need each other."""
    with _IMPORTING:
        import kubernetes.client
        import kubernetes.client.api_client
        import kubernetes.config
    return kubernetes


def _read(answer: Any) -> Any:
    text = (answer.read() or b"").decode(errors="replace")
    is_json = "json" in (answer.getheader("Content-Type") or "")
    with contextlib.suppress(ValueError):
        found = json.loads(text) if is_json and text else text
        if answer.status < 400:
            return found
        raise Refused(answer.status, found if isinstance(found, dict) else {"message": text.strip()})
    raise Refused(answer.status, {"message": text.strip()})


def _words(error: BaseException, timeout: float) -> str:
    """Return why nothing was answered, in the words that `kubernetes_problems` knows."""
    from urllib3 import exceptions

    causes = list(_causes(error))
    late = f"no answer within {timeout:g} s"
    words: Sequence[tuple[type[BaseException], str]] = (
        (exceptions.NameResolutionError, "no such host"),
        (ConnectionRefusedError, "connection refused"),
        (ConnectionResetError, "connection reset"),
        (ssl.SSLError, f"x509: {causes[-1]}"),
        (TimeoutError, late),
        (exceptions.NewConnectionError, f"connection to the server failed: {causes[-1]}"),
        (exceptions.TimeoutError, late),
    )
    return next((text for kind, text in words if any(isinstance(each, kind) for each in causes)), "unexpected EOF")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        reason = getattr(found, "reason", None)
        found = reason if isinstance(reason, BaseException) else found.__cause__ or found.__context__


@contextlib.contextmanager
def _log_lines() -> Iterator[list[str]]:
    """Collect what the client says only to the root logger: how a login program failed."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                lines.append(record.getMessage())

    handler = Lines()
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
