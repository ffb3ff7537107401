"""What the proxy's one process has instead of a memcached, and the logins that consumers of the stack have."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from swift.common.middleware.tempauth import TempAuth

Application = Callable[..., Any]
MOST = 10_000
"""Entries that the cache keeps."""


class Cache:
    """Remembers what Swift would keep in a memcached, for the one process that there is."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, raise_on_error: bool = False) -> Any:
        """Return a value that is not too old; None otherwise."""
        del raise_on_error
        until, value = self._entries.get(key, (0.0, None))
        return value if until > monotonic() else None

    def set(self, key: str, value: Any, serialize: bool = True, time: float = 0, **_: Any) -> None:
        """Keep a value for some seconds; 0 means for as long as there is room."""
        del serialize
        if len(self._entries) >= MOST:
            self._entries.clear()
        self._entries[key] = (monotonic() + time if time else float("inf"), value)

    def incr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Add to a number, which is never below 0."""
        value = max(0, int(self.get(key) or 0) + int(delta))
        self.set(key, value, time=time)
        return value

    def decr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Take from a number."""
        return self.incr(key, -delta, time)

    def delete(self, key: str, server_key: str | None = None) -> None:
        """Forget a value."""
        del server_key
        self._entries.pop(key, None)

    def set_multi(self, mapping: Mapping[str, Any], server_key: str, **options: Any) -> None:
        """Keep several values."""
        del server_key
        for key, value in mapping.items():
            self.set(key, value, **options)

    def get_multi(self, keys: list[str], server_key: str) -> list[Any]:
        """Return several values."""
        del server_key
        return [self.get(key) for key in keys]


def cache(_: Mapping[str, str], **__: str) -> Callable[[Application], Application]:
    """Give every request the cache: the filter `cache` of the proxy."""
    kept = Cache()

    def remembering(application: Application) -> Application:
        def answer(env: dict[str, Any], start_response: Any) -> Any:
            env["swift.cache"] = kept
            return application(env, start_response)

        return answer

    return remembering


class Logins(Mapping[str, dict[str, Any]]):
    """The users of the configuration, and those of a folder: a file for each, which `admit.py` writes."""

    def __init__(self, own: Mapping[str, dict[str, Any]], folder: Path) -> None:
        """Know where to look."""
        self._own = own
        self._folder = folder

    def __getitem__(self, user: str) -> dict[str, Any]:
        """Return the key of a user; raise KeyError for one that was not admitted."""
        if user in self._own:
            return self._own[user]
        account, _, name = user.partition(":")
        file = self._folder / name
        if account != "stack" or not name or "/" in name or not file.is_file():
            raise KeyError(user)
        return {"key": json.loads(file.read_text())["key"], "url": "$HOST/v1/AUTH_stack", "groups": []}

    def __iter__(self) -> Iterator[str]:
        """Yield the users of the configuration and the folder."""
        yield from self._own
        yield from (f"stack:{each.name}" for each in self._folder.iterdir())

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)


def logins(general: Mapping[str, str], **own: str) -> Callable[[Application], TempAuth]:
    """Let in who has a login: the filter `logins` of the proxy."""
    options = {**general, **own}

    def guarded(application: Application) -> TempAuth:
        made = TempAuth(application, options)
        made.users = Logins(made.users, Path(options["folder"]))
        return made

    return guarded
