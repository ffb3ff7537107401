"""
Serve a model by MLflow's scoring protocol on an inherited socket.

This runs in the model's environment, so it imports nothing but what MLflow brings there. Requests are read, and answers
and errors made, by MLflow's own functions; only the application around them is ours, because what MLflow's own one adds
to a request takes longer than a small model's prediction.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODEL_VARIABLE = "__pyfunc_model_path__"  # mlflow.pyfunc.scoring_server._SERVER_MODEL_PATH
SERVING_VARIABLE = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"
LIMIT_VARIABLE = "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"
USUAL_LIMIT = 60.0  # seconds, as MLflow has it
IDLE_SECONDS = 3600  # longer than the gateway keeps an idle connection: only the gateway may close one
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
NUMBERS = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
"""MLflow's types of columns that mean one type of pandas, whatever the values are."""
Answer = tuple[int, str, bytes]
"""Status, content type, body."""
Cast = Callable[..., Any]


class Scoring:
    """The ASGI application."""

    def __init__(self, score: Callable[[bytes, str | None], Answer], version: str, limit: float) -> None:
        self._score = score
        well = 200, JSON, b"\n"
        self._plain = {("GET", "/ping"): well, ("GET", "/version"): (200, JSON, version.encode())}
        self._limit = limit

    async def __call__(self, scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        """Answer one request."""
        body = await read_body(receive)
        status, kind, content = await self._answer(scope, body)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Mapping[str, Any], body: bytes) -> Answer:
        asked = scope["method"], scope["path"]
        if asked in self._plain:
            return self._plain[asked]
        if asked != ("POST", "/invocations"):
            return 404, JSON, b'{"detail":"Not Found"}'
        kind = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"), None)
        try:
            return await asyncio.wait_for(asyncio.to_thread(self._score, body, kind), self._limit)
        except TimeoutError:
            return 504, JSON, b"Request processing time exceeded limit"
        except Exception:
            logging.getLogger(__name__).exception("a request failed")
            return 500, TEXT, b"Internal Server Error"


async def read_body(receive: Callable[..., Any]) -> bytes:
    """Return the whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def scorer(model: Any) -> Callable[[bytes, str | None], Answer]:
    """Return what answers a request by MLflow's own functions."""
    server = import_module("mlflow.pyfunc.scoring_server")
    refusal = import_module("mlflow.exceptions").MlflowException
    schema = model.metadata.get_input_schema()
    spare_casts(schema)

    def score(body: bytes, kind: str | None) -> Answer:
        try:
            result = server.invocations(body, kind, model, schema)
        except refusal as error:
            return error.get_http_status_code(), JSON, error.serialize_as_json().encode()
        kind = TEXT if result.mimetype == "text/plain" else result.mimetype
        return result.status, kind, result.response.encode()

    return score


def spare_casts(schema: Any) -> None:
    """
    Have MLflow give the columns of a table their types at once, and only where they do not have them.

    For each column of each request it makes a series of the column's type and puts it back, twice: in a table with one
    row that is more than half of the time. The result is the same.
    """
    types = plain_types(schema)

    def has_columns(table: Any, by: Any) -> bool:
        return by is schema and hasattr(table, "columns") and list(table.columns) == list(types)

    def has_types(table: Any) -> bool:
        return list(table.dtypes) == list(types.values())

    def cast(plain: Cast, table: Any, by: Any, *rest: Any, **named: Any) -> Any:
        if not has_columns(table, by):
            return plain(table, by, *rest, **named)
        try:
            return table if has_types(table) else table.astype(types)
        except Exception:  # MLflow says which column it was
            return plain(table, by, *rest, **named)

    def enforce(plain: Cast, table: Any, by: Any, *rest: Any, **named: Any) -> Any:
        return table if has_columns(table, by) and has_types(table) else plain(table, by, *rest, **named)

    if types:
        replace("mlflow.utils.proto_json_utils", "cast_df_types_according_to_schema", cast)
        replace("mlflow.pyfunc", "_enforce_schema", enforce)


def replace(module: str, name: str, by: Callable[..., Any]) -> None:
    """Put a function, which gets the former one first, in the place of another; one that is not there is left out."""
    place = import_module(module)
    if plain := getattr(place, name, None):
        setattr(place, name, partial(by, plain))


def plain_types(schema: Any) -> Mapping[str, str]:
    """Return the columns of a signature with their types in pandas; nothing when it has other inputs than numbers by name."""
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return {}
    kinds = [getattr(each, "name", "") for each in schema.input_types()]
    names: Sequence[str] = schema.input_names()
    return dict(zip(names, (NUMBERS[each] for each in kinds), strict=True)) if NUMBERS.keys() >= set(kinds) else {}


def serve(listener: socket.socket, model: str) -> None:
    """Load a model and serve it until a signal ends us."""
    server = import_module("mlflow.pyfunc.scoring_server")
    uvicorn = import_module("uvicorn")
    os.environ[SERVING_VARIABLE] = "true"
    limit = float(os.environ.get(LIMIT_VARIABLE, USUAL_LIMIT))
    app = Scoring(scorer(server.load_model_with_mlflow_config(model)), import_module("mlflow.version").VERSION, limit)
    config = uvicorn.Config(
        app,
        lifespan="off",
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=10,
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])


def serve_wsgi(listener: socket.socket, model: str) -> None:
    """Serve by the application of an MLflow before 3, which is a Flask one; importing it loads the model."""
    os.environ[MODEL_VARIABLE] = model
    app = import_module("mlflow.pyfunc.scoring_server.wsgi").app
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    import_module("werkzeug.serving").make_server(
        "127.0.0.1", 0, app, threaded=True, fd=listener.fileno()
    ).serve_forever()


def main() -> None:
    """Serve until a signal ends us."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("model")
    options = parser.parse_args()
    new = find_spec("mlflow.pyfunc.scoring_server.app")
    (serve if new else serve_wsgi)(socket.socket(fileno=options.fd), options.model)


if __name__ == "__main__":
    main()
