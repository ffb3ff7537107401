"""Ask registries which content a name of an image stands for (OCI distribution specification, Docker's token protocol)."""

import contextlib
import hashlib
import http.client
import ipaddress
import json
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import IO, Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.registry_logins import Login, login_for

_ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')
_LARGEST = 4 * 1024 * 1024
"""Bytes: the specification has registries refuse larger manifests."""
_TRIES = 3
_REDIRECTS = 5
_BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Message
    body: bytes


class Registries:
    """Asks registries; TLS is verified, and only a registry on this machine may go without."""

    def __init__(
        self, logins: Callable[[str], Login | None] = login_for, *, timeout: float = 15.0, pause: float = 1.0
    ) -> None:
        """Take where logins come from; `timeout` and the `pause` before another try are seconds."""
        self._logins, self._timeout, self._pause = logins, timeout, pause
        self._known: dict[tuple[str, str], str] = {}

    def digest(self, registry: str, host: str, repository: str, reference: str) -> str:
        """
        Return the digest (`sha256:…`) of a tag; `registry` is what people call it, `host` what answers for it.

        Raises PlatinfraError when the image is not there, the registry denies it or does not answer.
        """
        name = f"{registry}/{repository}:{reference}"
        scheme = "http" if _is_loopback(host) else "https"
        url = f"{scheme}://{host}/v2/{repository}/manifests/{urllib.parse.quote(reference)}"
        answer = self._ask("HEAD", url, registry, repository)
        if answer.status == http.client.OK and not answer.headers.get("Docker-Content-Digest"):
            answer = self._ask("GET", url, registry, repository)
        if answer.status == http.client.NOT_FOUND:
            hint = "check its name and tag; images that platinfra builds are pushed by `platinfra images push`"
            raise PlatinfraError(Diagnostic("image-not-found", f"`{registry}` has no image `{name}`", hint=hint))
        if answer.status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
            about = "and check the name: some registries also answer this for images they do not have"
            hint = f"`docker login {registry}`, {about}"
            raise PlatinfraError(Diagnostic("registry-denied", f"`{registry}` denies access to `{name}`", hint=hint))
        if answer.status != http.client.OK:
            raise _unreachable(registry, f"it answers {answer.status}")
        return _digest(answer, registry)

    def _ask(self, method: str, url: str, registry: str, repository: str) -> _Answer:
        """Ask, and ask again with a login or a token when the registry wants one."""
        key = (registry, repository)
        answer = self._patiently(_request(method, url, self._known.get(key, "")), registry)
        if answer.status != http.client.UNAUTHORIZED:
            return answer
        self._known[key] = self._authorization(answer, url, registry, repository)
        if not self._known[key]:
            return answer
        return self._patiently(_request(method, url, self._known[key]), registry)

    def _authorization(self, answer: _Answer, url: str, registry: str, repository: str) -> str:
        """Return what the registry's challenge asks for; empty when there is nothing to answer it with."""
        login = self._logins(registry)
        for challenge in answer.headers.get_all("WWW-Authenticate", []):
            scheme, _, rest = challenge.strip().partition(" ")
            if scheme.lower() == "bearer":
                return self._token(dict(_PARAMETER.findall(rest)), url, login, (registry, repository))
            if scheme.lower() == "basic" and login and not login.is_token:
                return login.basic
        return ""

    def _token(self, told: Mapping[str, str], url: str, login: Login | None, key: tuple[str, str]) -> str:
        """Return a token that may pull the repository."""
        registry, repository = key
        realm = told.get("realm", "")
        if not _is_allowed(realm, url):
            raise _unreachable(registry, f"it sends logins to `{realm}`, which is not a safe address")
        query = {"service": told.get("service", ""), "scope": f"repository:{repository}:pull"}
        if login and login.is_token:
            form = {"grant_type": "refresh_token", "client_id": "platinfra", "refresh_token": login.secret, **query}
            request = _request("POST", realm, "", urllib.parse.urlencode(form).encode())
        else:
            joint = "&" if urllib.parse.urlsplit(realm).query else "?"
            address = f"{realm}{joint}{urllib.parse.urlencode(query)}"
            request = _request("GET", address, login.basic if login else "")
        answer = self._patiently(request, registry)
        if answer.status != http.client.OK:
            return ""
        token = _json(answer.body).get("token") or _json(answer.body).get("access_token")
        # What no header takes would be told in the refusal.
        usable = isinstance(token, str) and token.isascii() and token.isprintable()
        return f"Bearer {token}" if usable else ""

    def _patiently(self, request: urllib.request.Request, registry: str) -> _Answer:
        """Send a request; send it again, a few times, to a registry that is busy or does not answer."""
        problem = ""
        for number in range(_TRIES):
            time.sleep(self._pause * number)
            try:
                answer = self._send(request)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = _reason(error)
                if isinstance(getattr(error, "reason", error), (ssl.SSLCertVerificationError, ValueError)):
                    break
            else:
                if answer.status not in _BUSY:
                    return answer
                problem = f"it answers {answer.status}"
        raise _unreachable(registry, problem)

    def _send(self, request: urllib.request.Request) -> _Answer:
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.HTTPSHandler(context=ssl.create_default_context()),
            _Redirects(),
        ]
        if _is_loopback(request.host):
            handlers.append(urllib.request.ProxyHandler({}))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=self._timeout) as found:
                return _Answer(found.status, found.headers, found.read(_LARGEST + 1))
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                return _Answer(error.code, error.headers, b"")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows with the same method, to safe addresses only; another host gets no login."""

    max_redirections = _REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request:
        """Return the next request; raise ValueError for an address that is not safe."""
        if req.get_method() == "POST" or not _is_allowed(newurl, req.full_url):
            raise ValueError(f"it leads to `{urllib.parse.urlsplit(newurl).netloc}`, which is not a safe address")
        same = urllib.parse.urlsplit(newurl)[:2] == urllib.parse.urlsplit(req.full_url)[:2]
        return _request(req.get_method(), newurl, (req.get_header("Authorization") or "") if same else "")


def _request(method: str, url: str, authorization: str, data: bytes | None = None) -> urllib.request.Request:
    headers = {"Accept": _ACCEPT, "User-Agent": "platinfra"}
    made = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310 - see _is_allowed
    if authorization:
        # Not among the usual headers: those go along to other hosts.
        made.add_unredirected_header("Authorization", authorization)
    return made


def _is_allowed(url: str, before: str) -> bool:
    """Tell whether an address is safe: https, or http on this machine for who came from there."""
    try:
        new, old = urllib.parse.urlsplit(url), urllib.parse.urlsplit(before)
    except ValueError:
        return False
    return bool(new.hostname) and (
        new.scheme == "https" or (new.scheme == "http" and _is_loopback(new.netloc) and _is_loopback(old.netloc))
    )


def _is_loopback(host: str) -> bool:
    name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost"


def _digest(answer: _Answer, registry: str) -> str:
    """Return the digest that a registry tells, or that of the manifest; they have to agree when both are there."""
    told = answer.headers.get("Docker-Content-Digest", "")
    made = f"sha256:{hashlib.sha256(answer.body).hexdigest()}" if answer.body else told
    if len(answer.body) > _LARGEST or (answer.body and "schemaVersion" not in _json(answer.body)):
        raise _unreachable(registry, "it does not answer as a registry does")
    if not _DIGEST.fullmatch(made) or (told and told != made):
        raise _unreachable(registry, "it returns no digest, or a wrong one")
    return made


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _unreachable(registry: str, reason: str) -> PlatinfraError:
    hint = "check the connection and the proxy, and run the command again"
    message = f"the registry `{registry}` cannot be asked: {reason}"
    return PlatinfraError(Diagnostic("registry-unreachable", message, hint=hint))


def _reason(error: Exception) -> str:
    found = getattr(error, "reason", None) or error
    return str(found) or type(found).__name__
