"""The webhook of the stack file: made once, changed in its place, and gone when the file names none; those of people stay."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "src" / "platinfra" / "tools" / "mlflow" / "webhook.py"


@pytest.fixture
def webhook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("webhook", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Yield the address of a registry that keeps webhooks, and what it keeps."""
    kept: dict[str, dict[str, Any]] = {
        "theirs": {"webhook_id": "theirs", "name": "chat", "url": "https://chat.example"}
    }

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"webhooks": list(kept.values())})

        def do_POST(self) -> None:
            key = f"hook-{len(kept)}"
            kept[key] = {**self.body(), "webhook_id": key}
            self.answer({"webhook": kept[key]})

        def do_PATCH(self) -> None:
            kept[self.path.rpartition("/")[2]] |= self.body()
            self.answer({})

        def do_DELETE(self) -> None:
            del kept[self.path.rpartition("/")[2]]
            self.answer({})

        def body(self) -> dict[str, Any]:
            return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def answer(self, content: Any) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as listening:
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", kept
        listening.shutdown()


def test_one_webhook_is_kept_as_the_file_has_it(
    webhook: ModuleType, server: tuple[str, dict[str, dict[str, Any]]]
) -> None:
    url, kept = server
    webhook.main(url, "http://127.0.0.1:1/a", "model_version_tag.set, model_version_alias.created", "key")
    (made,) = (each for each in kept.values() if each["name"] == "platinfra")
    assert made["events"] == [
        {"entity": "MODEL_VERSION_TAG", "action": "SET"},
        {"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"},
    ]
    assert (made["url"], made["secret"], made["status"]) == ("http://127.0.0.1:1/a", "key", "ACTIVE")
    webhook.main(url, "http://127.0.0.1:1/b", "model_version_tag.set", "key")
    (again,) = (each for each in kept.values() if each["name"] == "platinfra")
    assert (again["webhook_id"], again["url"]) == (made["webhook_id"], "http://127.0.0.1:1/b")
    webhook.main(url, "", "model_version_tag.set", "key")
    assert [each["name"] for each in kept.values()] == ["chat"]
