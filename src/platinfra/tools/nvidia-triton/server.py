"""Run Triton for the version that an alias of MLflow's registry names, beside a small status server."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
import signal
import sys
import sysconfig
import threading
import time
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from interface import configuration

from model_server import bodies
from model_server.fronts import END_SECONDS, Front
from model_server.processes import StartError
from model_server.repository_api import RepositoryApi
from model_server.running import follow, make_parser
from model_server.signature import read_interface

if TYPE_CHECKING:
    import argparse

    from model_server.fronts import Scorer
    from model_server.processes import Child
    from model_server.releases import Release

log = logging.getLogger("model_server")
WATCH_SECONDS = 1.0
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


class Triton(Front):
    """Triton with one model: a new version takes over while the former one ends its requests, and a broken one never does."""

    def __init__(self, options: argparse.Namespace, distribution: Distribution) -> None:
        """Know what to run."""
        super().__init__(options.data)
        self._options = options
        self._distribution = distribution
        self._api = RepositoryApi("Triton", options.host, options.port)
        self._repository = self.data / "repository"
        self._region = f"platinfra_{hashlib.sha256(str(self.data).encode()).hexdigest()[:12]}_"
        self._pid = 0

    def start(self) -> None:
        """Start with no model; raise StartError when Triton does not come up."""
        shutil.rmtree(self._repository, ignore_errors=True)  # what is to be served is told anew
        self._repository.mkdir(parents=True)
        self._distribution.copy_backends(self.data / "backends")
        self._clear_shared_memory()
        super().start()
        threading.Thread(target=self._watch_backend, daemon=True).start()

    def replace(self, release: Release) -> None:
        """Let Triton serve a release; raise StartError, and the former one is served as before."""
        read_interface(release.folder)  # before its scoring server starts
        super().replace(release)

    def switch(self, scorer: Scorer) -> None:
        """Put a version into the repository and let Triton load it; what was there comes back when it cannot."""
        folder, former = self._repository / self._options.model, self.data / "former"
        shutil.rmtree(former, ignore_errors=True)
        if folder.exists():
            folder.rename(former)
        number = str(number_of(scorer))
        (folder / number).mkdir(parents=True)
        (folder / "config.pbtxt").write_text(configuration(read_interface(scorer.folder), scorer.port))
        shutil.copy(Path(__file__).with_name("forwarding.py"), folder / number / "model.py")
        shutil.copy(str(bodies.__file__), folder / number)
        try:
            self._api.ask("load", self._options.model)
        except StartError:
            shutil.rmtree(folder)
            if former.exists():
                former.rename(folder)
            raise

    def unload(self) -> None:
        """Let Triton serve nothing."""
        self._api.ask("unload", self._options.model)
        shutil.rmtree(self._repository / self._options.model, ignore_errors=True)

    def close(self) -> None:
        """End Triton, then every scoring server."""
        super().close()
        self._clear_shared_memory()

    def _watch_backend(self) -> None:
        """End Triton when its Python backend died: it would let requests wait for ever, and comes back with the model."""
        with_backend = 0
        while not self.is_ending:
            time.sleep(WATCH_SECONDS)
            pid = self._pid
            if not pid:
                continue
            if has_backend(pid):
                with_backend = pid
            elif with_backend == pid and self.present and not self.is_ending:
                log.warning("Triton's Python backend died: starting Triton anew")
                with_backend = 0
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def is_draining(self, former: Scorer) -> bool:
        """Tell whether Triton still answers what it had passed on to a version."""
        listed = self._api.index()
        return any((each.get("version"), each.get("state")) == (str(number_of(former)), "UNLOADING") for each in listed)

    def spawn(self) -> Child:
        """Start Triton."""
        options, host = self._options, self._options.host
        command = [
            str(self._distribution.program),
            # Relative to its working directory: its Python backend hands paths to a shell, which would part them at blanks.
            f"--model-repository={self._repository.relative_to(self.data)}",
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
        child = self.child(command, env, options.port, "/v2/health/live")
        self._pid = child.pid
        return child

    def _clear_shared_memory(self) -> None:
        """Remove the shared memory of a Triton that was killed."""
        for each in SHARED_MEMORY.glob(f"{self._region}*"):
            each.unlink(missing_ok=True)


def number_of(scorer: Scorer) -> int:
    """Return the number that a version has in Triton."""
    version = scorer.version.version
    return int(version) if version.isdecimal() else 1


def has_backend(group: int) -> bool:
    """Tell whether a process group has a live process of Triton's Python backend (proc(5): name, state, parent, group)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            before, _, after = stat.read_text().rpartition(")")
            state, _, own = after.split()[:3]
            if own == str(group) and state != "Z" and "(triton_python_b" in before:
                return True
    return False


def main() -> None:
    """Run until a signal ends us."""
    made = make_parser("Triton", "grpc", "metrics")
    options = made.parse_args()
    if not SAFE.fullmatch(options.model):
        made.error(
            f"Triton cannot serve a model called `{options.model}`: letters, digits, dots, dashes and underscores"
        )
    follow("Triton", lambda: Triton(options, find_distribution()), options)


if __name__ == "__main__":
    main()
