"""What a server of the Open Inference Protocol (V2) loads and unloads on demand."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_server.checking import server_message
from model_server.fronts import START_SECONDS
from model_server.processes import StartError

INDEX_SECONDS = 5


@dataclass(frozen=True)
class RepositoryApi:
    """The model repository of a server, whose product is named in what it says."""

    product: str
    host: str
    port: int

    def ask(self, what: str, model: str) -> None:
        """Have a model loaded or unloaded; raise StartError with the server's answer when it is not."""
        try:
            status, text = self._post(f"/v2/repository/models/{quote(model, safe='')}/{what}", START_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            raise StartError(f"{self.product} does not answer: {error!r}") from error
        if status != http.HTTPStatus.OK:
            raise StartError(f"{self.product} cannot {what} it: {' '.join(server_message(text).split())}")

    def index(self) -> list[dict[str, Any]]:
        """Return the versions that the server knows, with their states; none when it does not answer."""
        try:
            return list(json.loads(self._post("/v2/repository/index", INDEX_SECONDS)[1]))
        except (OSError, ValueError, http.client.HTTPException):
            return []

    def _post(self, path: str, seconds: float) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request("POST", path, "{}", {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()
