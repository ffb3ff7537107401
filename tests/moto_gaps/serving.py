"""Requests: one at a time, and a repetition gets the answer of the first, since a lost answer is no second resource."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from . import instead_of

_ONE = threading.Lock()
"""moto's state is of plain dictionaries, which some of its answers walk through while others change them."""
_KEPT = 500
"""Answers that are remembered; a client repeats within seconds."""

Answer = tuple[str, list[tuple[str, str]], bytes]
_answers: dict[str, Answer] = {}


@instead_of(DomainDispatcherApplication, "__call__")
def answer(
    moto: Callable[..., Iterable[bytes]], self: Any, environ: dict[str, Any], start_response: Callable[..., Any]
) -> list[bytes]:
    """
    Answer one request after the other.

    The SDKs send one `amz-sdk-invocation-id` with all attempts of a call.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
    with _ONE:
        said = _answers.get(call) or _ask(moto, self, environ)
        if call and said[0].startswith("2"):
            _remember(call, said)
    start_response(said[0], said[1])
    return [said[2]]


def _ask(moto: Callable[..., Iterable[bytes]], self: Any, environ: dict[str, Any]) -> Answer:
    """Return status, headers and body of moto's own answer."""
    said: list[Any] = []
    parts = moto(self, environ, lambda status, headers, *_: said.extend((status, headers)))
    try:
        return said[0], said[1], b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()


def _remember(call: str, said: Answer) -> None:
    _answers[call] = said
    if len(_answers) > _KEPT:
        del _answers[next(iter(_answers))]
