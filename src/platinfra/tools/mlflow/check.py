"""
Prove that MLflow works.

`check.py write MARKER` leaves a run, and a version of a model with the marker as its alias, of which a receiver
on this machine has to be told; `check.py find MARKER` finds the run, and loads the model by its alias.
"""

import base64
import hmac
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from secrets import token_hex
from threading import Thread
from typing import Any

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
from mlflow import MlflowClient
from mlflow.models import Model

NAME = "platinfra-check"
EVENT = "model_version_alias.created"
TRIES = 10
"""Seconds that a message may take; each is one event, since a server may know its webhooks of a second ago only."""


def write(marker: str) -> str | None:
    """Log a run with an artifact and a model, register the model, and return why nobody was told of its alias."""
    client = MlflowClient()
    mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name=marker) as run:
        mlflow.log_text(marker, "marker.txt")
        mlflow.log_text(Model(metadata={"marker": marker}).to_yaml(), "model/MLmodel")
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    version = client.create_model_version(NAME, f"{run.info.artifact_uri}/model", run.info.run_id)
    return tell(client, marker, version.version)


def tell(client: MlflowClient, marker: str, version: str) -> str | None:
    """Give a version its alias until a receiver of this machine hears of it; return why it does not."""
    secret, messages = token_hex(16), Queue[dict[str, Any]]()
    with receiver(secret, messages) as url:
        webhook = client.create_webhook(marker, url, [EVENT], secret=secret)
        try:
            for _ in range(TRIES):
                client.set_registered_model_alias(NAME, marker, version)
                if arrives(messages, {"name": NAME, "alias": marker, "version": version}):
                    return None
        finally:
            client.delete_webhook(webhook.webhook_id)
    return f"alerting: no message of the alias arrived at a webhook within {TRIES} s"


def arrives(messages: "Queue[dict[str, Any]]", expected: dict[str, str]) -> bool:
    """Tell whether a message of what was done arrives within a second; others' aliases are told here too."""
    try:
        while messages.get(timeout=1) != expected:
            pass
    except Empty:
        return False
    return True


@contextmanager
def receiver(secret: str, messages: "Queue[dict[str, Any]]") -> Iterator[str]:
    """Listen on this machine for signed messages, and yield the address."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            signed = is_signed(secret, self.headers, body)
            if signed:
                messages.put(json.loads(body)["data"])
            self.send_response(204 if signed else 403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def is_signed(secret: str, headers: Any, body: str) -> bool:
    """Tell whether a message bears the signature that MLflow documents for webhooks with a secret."""
    text = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body}"
    signature = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()
    return hmac.compare_digest(headers["X-MLflow-Signature"] or "", f"v1,{signature}")


def find(marker: str) -> str | None:
    """Return what is missing of the run, its artifact and the model of the alias."""
    runs = mlflow.search_runs(
        experiment_names=[NAME], filter_string=f"attributes.run_name = '{marker}'", output_format="list"
    )
    if not runs:
        return "not found: the run"
    if mlflow.artifacts.load_text(f"{runs[0].info.artifact_uri}/marker.txt") != marker:
        return "not found: the artifact"
    model = Model.load(f"models:/{NAME}@{marker}")
    return None if (model.metadata or {}).get("marker") == marker else "not found: the model of the alias"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("mlflow: no answer within 55 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(55)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"mlflow: {error!r}")
