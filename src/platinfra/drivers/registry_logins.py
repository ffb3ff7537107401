"""Who somebody is at a registry: what `docker login` kept, in Docker's file or with a credential helper."""

import base64
import binascii
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError
from platinfra.drivers.kubernetes_command import Commands

_HUB = "docker.io"
_HUB_SERVER = "https://index.docker.io/v1/"
"""What Docker calls its Hub in its file, and towards helpers."""
_IDENTITY = "<token>"
"""The user name with which helpers tell that the secret is an identity token."""
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PATIENCE = 20.0
"""Seconds: a helper may ask a key store, or a cloud."""


@dataclass(frozen=True, slots=True)
class Login:
    """A name with its password, or an identity token that is exchanged for others."""

    username: str
    secret: str = field(repr=False)
    is_token: bool = False

    @property
    def basic(self) -> str:
        """Return the login as the value of an `Authorization` header."""
        return f"Basic {base64.b64encode(f'{self.username}:{self.secret}'.encode()).decode()}"


def login_for(registry: str) -> Login | None:
    """Return the login at a registry such as ghcr.io; None without one, or when it cannot be read."""
    config = _config()
    server = _HUB_SERVER if registry == _HUB else registry
    helpers = (_entries(config, "credHelpers").get(each) for each in (server, registry))
    helper = next((each for each in helpers if each), config.get("credsStore"))
    found = _of_helper(str(helper), server) if helper else None
    return found or _of_file(_entries(config, "auths"), server, registry)


def _config() -> Mapping[str, Any]:
    folder = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    try:
        found = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _entries(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = config.get(key)
    return found if isinstance(found, dict) else {}


def _of_helper(name: str, server: str) -> Login | None:
    """Ask a program by its protocol: the server by standard input, the login as JSON (docker-credential-helpers)."""
    program = shutil.which(f"docker-credential-{name}") if _HELPER.fullmatch(name) else None
    if program is None:
        return None
    try:
        # It is the user's own program: key stores are found by variables of the session.
        ended = Commands().run([program, "get"], server, _PATIENCE, dict(os.environ))
        found = json.loads(ended.out) if ended.code == 0 else {}
        username, secret = str(found["Username"]), str(found["Secret"])
    except (ActionError, ValueError, KeyError, TypeError):
        return None
    return Login(username, secret, is_token=username == _IDENTITY)


def _of_file(logins: Mapping[str, Any], server: str, registry: str) -> Login | None:
    for key in (server, registry, f"https://{registry}", f"https://{registry}/v1/", f"https://{registry}/v2/"):
        entry = logins.get(key)
        if isinstance(entry, dict) and (found := _of_entry(entry)):
            return found
    return None


def _of_entry(entry: Mapping[str, Any]) -> Login | None:
    if token := entry.get("identitytoken"):
        return Login(_IDENTITY, str(token), is_token=True)
    if entry.get("username") and entry.get("password"):
        return Login(str(entry["username"]), str(entry["password"]))
    try:
        username, colon, secret = base64.b64decode(str(entry.get("auth", "")), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login(username, secret.rstrip("\0")) if colon else None
