"""Where alerts arrive: an HTTP receiver on this machine that trusts what MLflow signed."""

import base64
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import urlparse

import mlflow

Messages = Queue[dict[str, Any]]


@contextmanager
def listening() -> Iterator[Messages]:
    """Listen where the stack file says that alerts go; raise OSError when somebody else does."""
    (address,) = (each.url for each in mlflow.MlflowClient().list_webhooks() if each.name == "platinfra")
    messages: Messages = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            signed = is_signed(self.headers, body)
            if signed:
                messages.put(json.loads(body))
            self.send_response(204 if signed else 403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", urlparse(address).port or 80), Receiver) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        yield messages
        server.shutdown()


def is_signed(headers: Any, body: str) -> bool:
    """Tell whether a message bears the signature of the stack's MLflow."""
    text = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body}"
    digest = hmac.digest(os.environ["MLFLOW_WEBHOOK_SECRET"].encode(), text.encode(), "sha256")
    return hmac.compare_digest(headers["X-MLflow-Signature"] or "", f"v1,{base64.b64encode(digest).decode()}")
