"""Run Triton for the version that an alias of MLflow's registry names, beside a small status server."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import logging
import os
import re
import shutil
import signal
import socket
import sys
import sysconfig
import threading
import time
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from interface import read_interface

from model_server.follower import Follower
from model_server.options import parser
from model_server.processes import SCORING, Child, KeptServer, Records, StartError
from model_server.registry import Registry
from model_server.releases import Release, Releases
from model_server.status import run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

log = logging.getLogger("model_server")
START_SECONDS = 300.0  # a big model may load for minutes
DRAIN_SECONDS = 60.0
WATCH_SECONDS = 1.0
END_SECONDS = 20.0
SHARED_MEMORY = Path("/dev/shm")
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names of models, which Triton's Python backend hands to a shell."""
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Distribution:
    """Triton as the wheel of PyTriton brings it."""

    package: Path

    @property
    def program(self) -> Path:
        """Return the server."""
        return self.package / "tritonserver" / "bin" / "tritonserver"

    @property
    def libraries(self) -> str:
        """Return the folders of the libraries that it and its Python backend need."""
        return os.pathsep.join([str(self.package.parent / "nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR")])

    def copy_backends(self, folder: Path) -> None:
        """Copy the Python backend with the program for our Python, as Triton wants them beside each other."""
        own = self.package / "tritonserver"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(own / "backends", folder)
        shutil.copy(own / "python_backend_stubs" / PYTHON / "triton_python_backend_stub", folder / "python")


def find_distribution() -> Distribution:
    """Return the installed Triton; end when there is none, or no shared library of Python, which its backend loads."""
    spec = find_spec("pytriton")  # importing it would start more than the server
    if spec is None or spec.origin is None:
        sys.exit("nvidia-pytriton is not installed")
    library = f"libpython{PYTHON}.so.1.0"
    if not (Path(sysconfig.get_config_var("LIBDIR")) / library).exists() and not find_library(f"python{PYTHON}"):
        sys.exit(
            f"Triton's Python backend needs {library}, which this machine lacks: on Debian or Ubuntu, apt-get install libpython{PYTHON}"
        )
    return Distribution(Path(spec.origin).parent)


@dataclass
class Served:
    """A version that Triton serves: its number there, and the scoring server that answers for it."""

    number: int
    worker: KeptServer
    listener: socket.socket

    def end(self) -> None:
        """End the scoring server."""
        self.worker.stop(END_SECONDS)
        self.listener.close()


class Triton:
    """Triton with one model: a new version takes over while the former one ends its requests, and a broken one never does."""

    def __init__(self, options: argparse.Namespace, distribution: Distribution) -> None:
        """Start with no model; raise StartError when Triton does not come up."""
        self._options = options
        self._data: Path = options.data
        self._distribution = distribution
        self._records = Records(self._data / "workers")
        self._records.end_leftovers()
        self._repository = self._data / "repository"
        shutil.rmtree(self._repository, ignore_errors=True)  # what is to be served is told anew
        self._repository.mkdir(parents=True)
        distribution.copy_backends(self._data / "backends")
        self._region = f"platinfra_{hashlib.sha256(str(self._data).encode()).hexdigest()[:12]}_"
        self._clear_shared_memory()
        self._lock = threading.Lock()
        self._present: Served | None = None
        self._all: list[Served] = []
        self._closed = False
        self._pid = 0
        self._server = KeptServer(self._spawn_server, self._records)
        self._server.start(START_SECONDS)
        threading.Thread(target=self._watch_backend, daemon=True).start()

    def replace(self, release: Release) -> None:
        """Let Triton serve a release; raise StartError, and the former one is served as before."""
        interface = read_interface(release.folder)
        listener = socket.create_server(("127.0.0.1", 0))  # ours, so that its port outlives a scoring server that dies
        worker = KeptServer(lambda: self._spawn_worker(release, listener), self._records)
        version = release.version.version
        served = Served(int(version) if version.isdecimal() else 1, worker, listener)
        with self._lock:
            if self._closed:
                raise StartError("stopped")
            self._all.append(served)
        try:
            worker.start(START_SECONDS)
            self._load(served.number, interface.configuration(listener.getsockname()[1]))
        except StartError:
            self._forget(served)
            raise
        former, self._present = self._present, served
        if former:
            threading.Thread(target=self._retire, args=[former], daemon=True).start()

    def withdraw(self) -> None:
        """Let Triton serve nothing."""
        former, self._present = self._present, None
        self._ask("unload")
        shutil.rmtree(self._repository / self._options.model, ignore_errors=True)
        if former:
            threading.Thread(target=self._retire, args=[former], daemon=True).start()

    def up(self) -> bool:
        """Tell whether Triton and the scoring server answer."""
        present = self._present
        return self._server.port is not None and present is not None and present.worker.port is not None

    def close(self) -> None:
        """End Triton, then every scoring server."""
        with self._lock:
            self._closed = True
            served = list(self._all)
        self._server.stop(END_SECONDS)
        for each in served:
            each.end()
        self._clear_shared_memory()

    def _watch_backend(self) -> None:
        """End Triton when its Python backend died: it would let requests wait for ever, and comes back with the model."""
        with_backend = 0
        while not self._closed:
            time.sleep(WATCH_SECONDS)
            pid = self._pid
            if not pid:
                continue
            if has_backend(pid):
                with_backend = pid
            elif with_backend == pid and self._present and not self._closed:
                log.warning("Triton's Python backend died: starting Triton anew")
                with_backend = 0
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _load(self, number: int, configuration: str) -> None:
        """Put a version into the repository and let Triton load it; what was there comes back when it cannot."""
        folder, former = self._repository / self._options.model, self._data / "former"
        shutil.rmtree(former, ignore_errors=True)
        if folder.exists():
            folder.rename(former)
        (folder / str(number)).mkdir(parents=True)
        (folder / "config.pbtxt").write_text(configuration)
        shutil.copy(Path(__file__).with_name("forwarding.py"), folder / str(number) / "model.py")
        try:
            self._ask("load")
        except StartError:
            shutil.rmtree(folder)
            if former.exists():
                former.rename(folder)
            raise

    def _ask(self, what: str) -> None:
        """Ask Triton to load or unload the model; raise StartError with its answer when it does not."""
        connection = http.client.HTTPConnection(self._options.host, self._options.port, timeout=START_SECONDS)
        try:
            connection.request("POST", f"/v2/repository/models/{quote(self._options.model, safe='')}/{what}")
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise StartError(f"Triton does not answer: {error!r}") from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise StartError(f"Triton cannot {what} it: {' '.join(_message(text).split())}")

    def _retire(self, former: Served) -> None:
        """End a scoring server once Triton has answered what it had passed on to it."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._is_unloading(former.number) and time.monotonic() < deadline:
            time.sleep(0.2)
        self._forget(former)

    def _is_unloading(self, number: int) -> bool:
        connection = http.client.HTTPConnection(self._options.host, self._options.port, timeout=5)
        try:
            connection.request("POST", "/v2/repository/index")
            listed = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return any((each.get("version"), each.get("state")) == (str(number), "UNLOADING") for each in listed)

    def _forget(self, served: Served) -> None:
        served.end()
        with self._lock:
            self._all.remove(served)

    def _spawn_server(self) -> Child:
        options, host = self._options, self._options.host
        command = [
            str(self._distribution.program),
            # Relative to its working directory: its Python backend hands paths to a shell, which would part them at blanks.
            f"--model-repository={self._repository.relative_to(self._data)}",
            "--backend-directory=backends",
            f"--backend-config=python,shm-region-prefix-name={self._region}",
            "--model-control-mode=explicit",
            "--load-model=*",  # after it was killed
            "--exit-on-error=false",
            "--strict-readiness=false",  # a version that cannot be loaded leaves the former one ready
            f"--exit-timeout-secs={END_SECONDS / 2:.0f}",
            "--allow-gpu-metrics=false",
            f"--http-address={host}",
            f"--http-port={options.port}",
            f"--grpc-address={host}",
            f"--grpc-port={options.grpc_port}",
            f"--metrics-address={host}",
            f"--metrics-port={options.metrics_port}",
        ]
        env = {**os.environ, "LD_LIBRARY_PATH": self._distribution.libraries}
        child = self._child(command, env, options.port, ready="/v2/health/live")
        self._pid = child.pid
        return child

    def _spawn_worker(self, release: Release, listener: socket.socket) -> Child:
        fd = listener.fileno()
        command = [str(release.python), "-P", str(SCORING), "--fd", str(fd), str(release.folder)]
        return self._child(command, release.environment(), listener.getsockname()[1], fds=[fd])

    def _child(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        port: int,
        *,
        fds: Sequence[int] = (),
        ready: str = "/ping",
    ) -> Child:
        return Child(command, env, port, self._data, fds, ready=ready)

    def _clear_shared_memory(self) -> None:
        """Remove the shared memory of a Triton that was killed."""
        for each in SHARED_MEMORY.glob(f"{self._region}*"):
            each.unlink(missing_ok=True)


def has_backend(group: int) -> bool:
    """Tell whether a process group has a live process of Triton's Python backend (proc(5): name, state, parent, group)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            before, _, after = stat.read_text().rpartition(")")
            state, _, own = after.split()[:3]
            if own == str(group) and state != "Z" and "(triton_python_b" in before:
                return True
    return False


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text or "nothing more"


def main() -> None:
    """Run until a signal ends us."""
    made = parser("Run Triton for a registered model.")
    for each in ("grpc", "metrics", "status"):
        made.add_argument(f"--{each}-port", type=int, required=True)
    options = made.parse_args()
    if not SAFE.fullmatch(options.model):
        made.error(
            f"Triton cannot serve a model called `{options.model}`: letters, digits, dots, dashes and underscores"
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    registry = Registry(options.model, options.alias)
    try:
        triton = Triton(options, find_distribution())
    except StartError as error:
        sys.exit(f"Triton does not start: {error}")
    run(
        Follower(registry, Releases(options.data, registry), triton, options.poll_seconds),
        options.host,
        options.status_port,
    )


if __name__ == "__main__":
    main()
