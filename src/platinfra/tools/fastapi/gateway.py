"""Serve a registered model by MLflow's scoring protocol: Envoy in front of the scoring server of the present version."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn
from envoy import Envoy, exposition
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.concurrency import run_in_threadpool

from model_server.follower import Follower
from model_server.options import parser
from model_server.processes import StartError
from model_server.registry import Registry
from model_server.releases import Releases
from model_server.status import exposition as served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Status:
    """Answers what no scoring server does."""

    def __init__(self, envoy: Envoy, follower: Follower) -> None:
        self._envoy = envoy
        self._follower = follower

    def health(self) -> JSONResponse:
        """Say what is served; this is 200 while waiting too, because waiting is no failure."""
        return JSONResponse(self._follower.health())

    def front(self) -> RedirectResponse:
        """Lead people who open the address to what can be asked here."""
        return RedirectResponse("docs")

    def metrics(self) -> Response:
        """Show the metrics in Prometheus' text form."""
        requests = exposition(self._envoy.ask("GET", "/stats/prometheus?filter=vcluster%5C.scoring").decode())
        lines = [*requests, *served(self._follower.health()), generate_latest(REGISTRY).decode()]
        return Response("\n".join(lines), media_type=CONTENT_TYPE_LATEST)

    def unavailable(self) -> JSONResponse:
        """Answer for the scoring server; requests come here while there is none."""
        health = self._follower.health()
        content = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "no model is served now", "health": health}
        return JSONResponse(content, 503, headers={"retry-after": "1"})


class Life:
    """Starts Envoy once this application answers, then follows the alias; ends both with the application."""

    def __init__(self, envoy: Envoy, follower: Follower) -> None:
        self.failure: StartError | None = None
        self._envoy = envoy
        self._follower = follower

    @asynccontextmanager
    async def __call__(self, _: FastAPI) -> AsyncIterator[None]:
        """Run as long as the application does."""
        threading.Thread(target=self._begin, daemon=True).start()
        try:
            yield
        finally:
            await run_in_threadpool(self._follower.stop)

    def _begin(self) -> None:
        try:
            self._envoy.start()
        except StartError as error:
            self.failure = error
            signal.raise_signal(signal.SIGTERM)
        else:
            self._follower.start()


def make_app(status: Status, life: Life) -> FastAPI:
    """Give every path its answer, and its place on the page of what can be asked."""
    app = FastAPI(title="Model gateway", lifespan=life)
    app.add_api_route("/", status.front, methods=["GET"], include_in_schema=False)
    app.add_api_route("/invocations", status.unavailable, methods=["POST"], summary="Score", name="invocations")
    app.add_api_route("/ping", status.unavailable, methods=["GET"], summary="Tell whether a model is served")
    app.add_api_route("/version", status.unavailable, methods=["GET"], summary="Show the version of MLflow")
    app.add_api_route("/health", status.health, methods=["GET"])
    app.add_api_route("/metrics", status.metrics, methods=["GET"])
    return app


def main() -> None:
    """Run until a signal ends us; end at once when Envoy does not start."""
    options = parser("Serve a registered model.").parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    registry = Registry(options.model, options.alias)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        envoy = Envoy(options.data, (options.host, options.port), listener.getsockname()[1])
        follower = Follower(registry, Releases(options.data, registry), envoy, options.poll_seconds)
        life = Life(envoy, follower)
        config = uvicorn.Config(
            make_app(Status(envoy, follower), life), access_log=False, log_level="warning", timeout_graceful_shutdown=10
        )
        uvicorn.Server(config).run(sockets=[listener])
    if life.failure:
        sys.exit(f"Envoy does not start: {life.failure}")


if __name__ == "__main__":
    main()
