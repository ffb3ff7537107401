"""The server in front of the scoring workers: MLflow's scoring protocol, health and metrics."""

from __future__ import annotations

import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from metrics import Metrics
from starlette.concurrency import run_in_threadpool
from traffic import NotServingError, Traffic

from model_server.follower import Follower
from model_server.options import parser
from model_server.registry import Registry
from model_server.releases import Releases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER_SECONDS = 75.0  # MLflow's scoring server gives up after 60 s by itself
CONNECTIONS = 100
PASSED_HEADERS = ("content-type", "accept", "traceparent", "tracestate")
VERSION_HEADER = "x-model-version"


class Gateway:
    """Passes requests on to the present worker and counts them."""

    def __init__(self, traffic: Traffic, follower: Follower, metrics: Metrics) -> None:
        self._traffic = traffic
        self._follower = follower
        self._metrics = metrics
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        # Without the client around it (cookies, redirects, proxies) a request costs a third less.
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        self._timeouts = {"timeout": httpx.Timeout(ANSWER_SECONDS, connect=5).as_dict()}

    @asynccontextmanager
    async def life(self, _app: FastAPI) -> AsyncIterator[None]:
        """Follow the alias as long as the application runs."""
        self._follower.start()
        try:
            yield
        finally:
            await run_in_threadpool(self._follower.stop)
            await self._transport.aclose()

    async def invocations(self, request: Request) -> Response:
        """Score."""
        began = time.perf_counter()
        response = await self._pass_on(request)
        self._metrics.count(response, time.perf_counter() - began)
        return response

    async def ask_worker(self, request: Request) -> Response:
        """Answer with what the worker says (/ping, /version)."""
        return await self._pass_on(request)

    async def health(self) -> JSONResponse:
        """Say what is served; this is 200 while waiting too, because waiting is no failure."""
        return JSONResponse(self._follower.health())

    async def front(self) -> RedirectResponse:
        """Lead people who open the address to what can be asked here."""
        return RedirectResponse("docs")

    async def metrics(self) -> Response:
        """Show the metrics in Prometheus' text form."""
        return Response(self._metrics.text(), media_type=self._metrics.media_type)

    async def _pass_on(self, request: Request) -> Response:
        body = await request.body()
        headers = {name: request.headers[name] for name in PASSED_HEADERS if name in request.headers}
        try:
            with self._traffic.lease() as (port, version):
                url = httpx.URL(scheme="http", host="127.0.0.1", port=port, path=request.url.path)
                passed = httpx.Request(request.method, url, headers=headers, content=body, extensions=self._timeouts)
                answer = await self._transport.handle_async_request(passed)
                content = await answer.aread()
        except NotServingError:
            return self._unavailable("no model is served now")
        except httpx.TimeoutException:
            return self._unavailable("the scoring worker did not answer in time", status=504)
        except httpx.TransportError as error:
            return self._unavailable(f"the scoring worker broke off: {type(error).__name__}")
        response = Response(content, answer.status_code, media_type=answer.headers.get("content-type"))
        response.headers[VERSION_HEADER] = version.version
        return response

    def _unavailable(self, reason: str, status: int = 503) -> JSONResponse:
        content = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": reason, "health": self._follower.health()}
        return JSONResponse(content, status, headers={"retry-after": "1"})


def make_app(gateway: Gateway) -> FastAPI:
    """Give every path its answer."""
    app = FastAPI(title="Model gateway", lifespan=gateway.life)
    app.add_api_route("/", gateway.front, methods=["GET"], include_in_schema=False)
    app.add_api_route("/invocations", gateway.invocations, methods=["POST"])
    app.add_api_route("/ping", gateway.ask_worker, methods=["GET"])
    app.add_api_route("/version", gateway.ask_worker, methods=["GET"])
    app.add_api_route("/health", gateway.health, methods=["GET"])
    app.add_api_route("/metrics", gateway.metrics, methods=["GET"])
    return app


def main() -> None:
    """Run the gateway until a signal ends it."""
    options = parser("Serve a registered model.").parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    registry = Registry(options.model, options.alias)
    metrics = Metrics()
    traffic = Traffic(options.data, metrics.show_model)
    follower = Follower(registry, Releases(options.data, registry), traffic, options.poll_seconds)
    app = make_app(Gateway(traffic, follower, metrics))
    uvicorn.run(app, host=options.host, port=options.port, access_log=False, timeout_graceful_shutdown=10)


if __name__ == "__main__":
    main()
