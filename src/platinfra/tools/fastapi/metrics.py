"""What the gateway counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from starlette.responses import Response

    from model_server.versions import ModelVersion


class Metrics:
    """Requests, how long they took, and which model version answers them."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._requests = Counter("model_server_requests", "Scoring requests by status code.", ["code"])
        self._seconds = Histogram("model_server_request_duration_seconds", "Time to answer a scoring request.")
        self._model = Gauge("model_server_model_info", "The model version served.", ["model", "version", "run_id"])

    def count(self, response: Response, seconds: float) -> None:
        """Count one answered scoring request."""
        self._requests.labels(str(response.status_code)).inc()
        self._seconds.observe(seconds)

    def show_model(self, version: ModelVersion | None) -> None:
        """Show which version answers from now on."""
        self._model.clear()
        if version:
            self._model.labels(version.name, version.version, version.run_id).set(1)

    def text(self) -> bytes:
        """Render everything, the process' own numbers included."""
        return generate_latest(REGISTRY)
