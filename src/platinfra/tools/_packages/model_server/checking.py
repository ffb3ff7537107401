"""The check of a model server: what it serves is what the registry's alias names."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from model_server.versions import ModelVersion, RegistryUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_server.registry import Registry

WAIT_SECONDS = 45.0  # a version set just now may still be on its way
NOT_APPLICABLE = 64  # what `platinfra check` passes over: a server writes nothing
NOTHING_YET = 75  # what it shows as not proved: there is nothing to ask for predictions
ROWS = ("dataframe_records", "instances", "inputs")


class CheckError(Exception):
    """The server and the registry disagree."""


def main(arguments: list[str], registry_of: Callable[[str, str], Registry]) -> int:
    """Run one verb of the check of a server that speaks MLflow's scoring protocol; return the exit status."""
    return run(arguments, lambda: find(registry_of))


def run(arguments: list[str], find: Callable[[], str | None]) -> int:
    """Run one verb of a check and return the exit status; `find` returns why there was nothing to prove anything with."""
    if len(arguments) != 2 or arguments[0] != "find":
        sys.stderr.write("usage: check.py find MARKER (the registry is written by its own check)\n")
        return NOT_APPLICABLE
    try:
        missing = find()
    except (CheckError, RegistryUnreachableError, KeyError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    if missing:
        sys.stderr.write(f"{missing}\n")
        return NOTHING_YET
    return 0


def find(registry_of: Callable[[str, str], Registry]) -> str | None:
    """Compare the server with the registry, and score the model's own example; return why none was scored."""
    url, status_url = os.environ["MODEL_SERVER_URL"], os.environ["MODEL_SERVER_STATUS_URL"]
    health = get_json(f"{status_url}/health")
    model, alias = split_uri(health.get("uri") or health["waiting_for"])
    registry = registry_of(model, alias)
    version = agree(registry, f"{status_url}/health")
    if version is None:
        return f"no predictions: {registry.uri} names no version"
    example = registry.read_example(version)
    if example is None:
        return f"no predictions: version {version.version} was logged without an input example"
    score_example(f"{url}/invocations", example)
    return None


def agree(registry: Registry, url: str) -> ModelVersion | None:
    """Wait until the server's health fits what the registry says; return the version both name."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        version, health = registry.find(), get_json(url)
        if fits(health, version, registry.uri):
            return version
        if time.monotonic() > deadline:
            named = f"version {version.version}" if version else "nothing"
            raise CheckError(f"{registry.uri} names {named}, but the server says {json.dumps(health)}")
        time.sleep(0.5)


def fits(health: dict[str, Any], version: ModelVersion | None, uri: str) -> bool:
    """Tell whether a server's health is what the registry's answer asks for."""
    if version is None:
        return health.get("status") == "waiting" and health.get("waiting_for") == uri
    said = (health.get("status"), health.get("model"), health.get("version"), health.get("run_id"))
    return said == ("serving", version.name, version.version, version.run_id)


def split_uri(uri: str) -> tuple[str, str]:
    """Split models:/NAME@ALIAS."""
    model, _, alias = uri.removeprefix("models:/").rpartition("@")
    return model, alias


def score_example(url: str, example: bytes) -> None:
    """Post the request that was logged with the model, and count the answers."""
    answers = post_json(url, example).get("predictions")
    if answers is None:
        raise CheckError("the answer holds no predictions")
    expected = count_rows(json.loads(example))
    if isinstance(answers, list) and expected is not None and len(answers) != expected:
        raise CheckError(f"{expected} example rows gave {len(answers)} answers")


def count_rows(example: Any) -> int | None:
    """Count the rows of an MLflow scoring request; None if its form does not tell."""
    if "dataframe_split" in example:
        return len(example["dataframe_split"]["data"])
    rows = next((example[name] for name in ROWS if name in example), None)
    if isinstance(rows, dict):
        rows = next(iter(rows.values()), None)
    return len(rows) if isinstance(rows, list) else None


def get_json(url: str) -> dict[str, Any]:
    """Fetch a JSON object."""
    return _open_json(urllib.request.Request(url))  # noqa: S310 - the address is the stack's


def post_json(url: str, body: bytes) -> dict[str, Any]:
    """Send JSON and return the JSON answer; a refusal raises."""
    return _open_json(urllib.request.Request(url, body, {"content-type": "application/json"}))  # noqa: S310 - as above


def _open_json(request: urllib.request.Request) -> dict[str, Any]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=30) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        message = (
            f"{request.full_url} answers {error.code}: {server_message(error.read(2000).decode(errors='replace'))}"
        )
        raise CheckError(message) from error


def server_message(text: str) -> str:
    """Return the message in a server's answer; all of it in one line, where there is none."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    names = ("message", "detail", "error")
    found = next((answer[each] for each in names if answer.get(each)), None) if isinstance(answer, dict) else None
    return str(found) if found else " ".join(text.split()) or "nothing more"
