"""Keep the models of an object store in a folder, and MLServer serving them."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from model_server.objects import objects_at

if TYPE_CHECKING:
    from model_server.objects import Found, Objects

LOAD_SECONDS = 300.0
SETTINGS = "model-settings.json"
log = logging.getLogger("models")


class Repository:
    """A folder that is what the object store has below models/: a folder for each model."""

    def __init__(self, objects: Objects, folder: Path) -> None:
        self._objects = objects
        self._folder = folder
        self._known: dict[str, frozenset[Found]] = {}

    def refresh(self) -> tuple[set[str], set[str]]:
        """Fetch what is new; return the models that changed and those that went."""
        there = wanted(self._objects)
        gone = self._known.keys() - there.keys()
        changed = {name for name, files in there.items() if self._known.get(name) != files}
        for name in gone:
            shutil.rmtree(self._folder / name, ignore_errors=True)
            del self._known[name]
        for name in changed:
            self._fetch(name, there[name])
        return changed, gone

    def _fetch(self, name: str, files: frozenset[Found]) -> None:
        draft = self._folder.parent / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        for each in files:
            target = draft / PurePosixPath(each.name).relative_to(f"models/{name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._objects.download(each.name, target)
        shutil.rmtree(self._folder / name, ignore_errors=True)
        draft.rename(self._folder / name)
        self._known[name] = files


def wanted(objects: Objects) -> dict[str, frozenset[Found]]:
    """Return the files of each model that says how it is served."""
    found: dict[str, set[Found]] = {}
    for each in objects.find("models/"):
        parts = PurePosixPath(each.name).parts
        if len(parts) > 2 and ".." not in parts and not each.name.endswith("/"):
            found.setdefault(parts[1], set()).add(each)
    complete = (
        name for name, files in found.items() if any(each.name == f"models/{name}/{SETTINGS}" for each in files)
    )
    return {name: frozenset(found[name]) for name in complete}


def tell(url: str, verb: str, folder: Path, name: str) -> None:
    """Let MLServer load or unload a model; what it says when it cannot goes into the log."""
    settings = folder / name / SETTINGS
    model = json.loads(settings.read_text()).get("name", name) if settings.exists() else name
    request = urllib.request.Request(f"{url}/v2/repository/models/{model}/{verb}", data=b"", method="POST")
    try:
        urllib.request.urlopen(request, timeout=LOAD_SECONDS).close()
        log.info("%s: %s", verb, model)
    except urllib.error.HTTPError as error:
        log.warning("%s of %s failed: %s", verb, model, error.read().decode(errors="replace")[:500])


def follow(repository: Repository, folder: Path, url: str, seconds: float, ended: threading.Event) -> None:
    """Look for changes until the end; a store that does not answer now will do so later."""
    while not ended.wait(seconds):
        try:
            changed, gone = repository.refresh()
            for verb, names in (("unload", gone), ("load", changed)):
                for name in sorted(names):
                    tell(url, verb, folder, name)
        except Exception as error:
            log.warning("the models could not be looked at: %r", error)


def main() -> None:
    """Run until a signal ends us or MLServer ends."""
    options = parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    folder = options.data / "models"
    folder.mkdir(parents=True, exist_ok=True)
    repository = Repository(objects_at(os.environ["STORE_URL"]), folder)
    changed, _ = repository.refresh()
    log.info("models: %s", ", ".join(sorted(changed)) or "none yet")
    server = subprocess.Popen(["mlserver", "start", str(folder)], env=os.environ | variables(options), cwd=options.data)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.terminate())
    url = f"http://127.0.0.1:{options.port}"
    threading.Thread(target=follow, args=(repository, folder, url, options.poll_seconds, ended), daemon=True).start()
    code = server.wait()
    ended.set()
    raise SystemExit(max(code, 0))


def variables(options: argparse.Namespace) -> dict[str, str]:
    """Return MLServer's settings."""
    return {
        "MLSERVER_HOST": options.host,
        "MLSERVER_HTTP_PORT": str(options.port),
        "MLSERVER_GRPC_PORT": str(options.grpc_port),
        "MLSERVER_METRICS_PORT": str(options.metrics_port),
        "MLSERVER_METRICS_DIR": str(options.data / "metrics"),
        "MLSERVER_ENVIRONMENTS_DIR": str(options.data / "environments"),
        "MLSERVER_PARALLEL_WORKERS": str(options.workers),
    }


def parser() -> argparse.ArgumentParser:
    """Make the parser of what the server is told."""
    made = argparse.ArgumentParser(description="Serve the models of an object store.")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--grpc-port", type=int, required=True)
    made.add_argument("--metrics-port", type=int, required=True)
    made.add_argument("--workers", type=int, default=1)
    made.add_argument("--poll-seconds", type=float, default=30.0)
    made.add_argument("--data", type=Path, required=True)
    return made


if __name__ == "__main__":
    main()
