"""Requests passed on to the scoring server of a version."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

from model_server.checking import server_message

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_SECONDS = 75  # MLflow's scoring server gives up after 60 s by itself


class RefusedError(Exception):
    """The scoring server does not predict, with the HTTP status of its answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def score(port: int, body: bytes | str) -> bytes:
    """Post a request of MLflow's scoring protocol and return the answer; raise RefusedError when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", "/invocations", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RefusedError(http.HTTPStatus.SERVICE_UNAVAILABLE, f"the model does not answer: {error!r}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise RefusedError(answer.status, server_message(content[:2000].decode(errors="replace")))
    return content


def read_present(file: Path) -> dict[str, Any]:
    """Read what a front writes of the version that is served; raise RefusedError when none is."""
    try:
        return dict(json.loads(file.read_text()))
    except FileNotFoundError:
        raise RefusedError(http.HTTPStatus.SERVICE_UNAVAILABLE, "no model is served now") from None
