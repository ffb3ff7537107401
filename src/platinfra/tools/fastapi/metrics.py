"""What the gateway shows to Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envoy import counted
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from model_server.status import exposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envoy import Envoy

MEDIA_TYPE = CONTENT_TYPE_LATEST
KINDS = {"model_server_requests_total": "counter", "model_server_request_duration_seconds": "histogram"}


def show(envoy: Envoy, health: Mapping[str, str]) -> str:
    """Return the requests as Envoy counts them, what is served, and the process' own numbers."""
    said = envoy.ask("GET", "/stats/prometheus?filter=vcluster%5C.scoring").decode()
    return "\n".join([*typed(counted(said)), *exposition(health), generate_latest(REGISTRY).decode()])


def typed(lines: Iterator[str]) -> Iterator[str]:
    """Yield metrics with the kinds before them."""
    found = list(lines)
    for name, kind in KINDS.items():
        yield f"# TYPE {name} {kind}"
        yield from (line for line in found if line.startswith(name))
