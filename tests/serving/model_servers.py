"""A real MLflow server, real models and real model servers, each in processes and folders of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psutil
import pytest
from uv import find_uv_bin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / "src" / "platinfra" / "tools"
CACHE = Path(os.environ.get("PLATINFRA_CACHE_DIR") or Path.home() / ".cache" / "platinfra") / "test-environments"
KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_OFFLINE", "UV_DEFAULT_INDEX", "UV_SYSTEM_CERTS")
WAIT_SECONDS = 90.0
T = TypeVar("T")


def tool_python(tool: str) -> Path:
    """Make a tool's environment from its lock, once per content of the lock."""
    lock = TOOLS / tool / "requirements.lock.txt"
    folder = CACHE / hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = [find_uv_bin(), "--quiet"]
        subprocess.run([*uv, "venv", "--no-python-downloads", "--python", sys.executable, folder], check=True)
        install = ["pip", "install", "--python", str(python), "--require-hashes", "-r", str(lock)]
        subprocess.run([*uv, *install], check=True)
        (folder / "complete").touch()
    return python


def uv_cache() -> str:
    """Return the user's uv cache: the processes under test have a home of their own."""
    return subprocess.run([find_uv_bin(), "cache", "dir"], check=True, capture_output=True, text=True).stdout.strip()


def environment(python: Path, home: Path, **more: str) -> dict[str, str]:
    """Make the environment that platinfra gives to a component."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(python.parent), os.defpath])
    own = {"HOME": str(home), "PATH": path, "UV_CACHE_DIR": uv_cache(), "DO_NOT_TRACK": "1"}
    return kept | own | {"MLFLOW_DISABLE_TELEMETRY": "true"} | more


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def until(ask: Callable[[], T | None], seconds: float = WAIT_SECONDS) -> T:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return answer


def fetch(url: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    """Ask over HTTP; status 0 means that nobody answered."""
    request = urllib.request.Request(url, body, {"content-type": "application/json"} if body else {})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()
    except OSError:
        return 0, {}, b""


def families(pid: int) -> list[psutil.Process]:
    """List a process and all that descend from it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def lives(process: psutil.Process) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@dataclass
class ModelRegistry:
    """A running MLflow server and models ready to be registered in it."""

    url: str
    python: Path
    models: Path
    home: Path
    names: list[str] = field(default_factory=list)

    def register(self, name: str, model: str, *, alias: str = "champion") -> str:
        """Register one of the prepared models as a new version and set the alias to it."""
        return self._run("register", name, model, alias)

    def point(self, name: str, version: str, *, alias: str = "champion") -> str:
        """Set the alias to a version, or delete it when the version is empty."""
        return self._run("point", name, version, alias)

    def _run(self, *arguments: str) -> str:
        env = environment(self.python, self.home, MLFLOW_TRACKING_URI=self.url)
        command = [self.python, HERE / "models.py", *arguments, self.models]
        return subprocess.run([*map(str, command)], env=env, check=True, capture_output=True, text=True).stdout.split()[
            -1
        ]


@contextmanager
def running_registry(folder: Path) -> Iterator[ModelRegistry]:
    """Run MLflow on SQLite in a folder."""
    python, port = tool_python("mlflow"), free_port()
    env = environment(python, folder / "home", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
    made = folder / "models"
    subprocess.run([python, HERE / "models.py", "make", made], env=env, check=True, capture_output=True, cwd=folder)
    command = [
        "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts",
    ]  # fmt: skip
    command[0] = str(python.with_name("mlflow"))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: fetch(f"{url}/health")[0] == 200)
        yield ModelRegistry(url, tool_python("fastapi"), made, folder / "home")
    finally:
        for member in families(process.pid):
            member.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelRegistry]:
    """Run a registry for the whole session."""
    with running_registry(tmp_path_factory.mktemp("registry")) as made:
        yield made


@dataclass
class Served:
    """A model server under test."""

    tool: str
    model: str
    folder: Path
    environments: Path
    port: int = field(default_factory=free_port)
    status_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it scores."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def status_url(self) -> str:
        """Where it says what it serves."""
        return self.url if self.tool == "fastapi" else f"http://127.0.0.1:{self.status_port}"

    def start(self, tracking_uri: str) -> Served:
        """Start it the way its tool.yaml does."""
        python, data = tool_python(self.tool), self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        if not (data / "environments").exists():
            (data / "environments").symlink_to(self.environments)
        script = "gateway.py" if self.tool == "fastapi" else "server.py"
        command = [python, TOOLS / self.tool / script, "--port", self.port, "--model", self.model, "--data", data]
        command += ["--poll-seconds", "0.5"] + (["--status-port", self.status_port] if script == "server.py" else [])
        env = self._environment(tracking_uri)
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                list(map(str, command)), env=env, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        until(lambda: fetch(f"{self.status_url}/health")[0] == 200)
        return self

    def stop(self, number: int = signal.SIGTERM) -> list[psutil.Process]:
        """Send a signal, wait for the end, and return the processes that were there before it."""
        assert self.process
        family = families(self.process.pid)
        self.process.send_signal(number)
        self.process.wait(30)
        return family

    def health(self) -> dict[str, Any]:
        """Ask what it serves."""
        body = fetch(f"{self.status_url}/health")[2]
        return dict(json.loads(body)) if body else {}

    def serves(self, version: str) -> bool:
        """Tell whether it serves a version."""
        health = self.health()
        return (health.get("status"), health.get("version")) == ("serving", version)

    def score(self) -> tuple[int, str, Any]:
        """Score two rows: the status, the model version and the answers."""
        rows = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[1.0], [2.0]]}}).encode()
        status, headers, body = fetch(f"{self.url}/invocations", rows)
        return status, headers.get("x-model-version", ""), json.loads(body).get("predictions") if body else None

    def check(self, tracking_uri: str) -> subprocess.CompletedProcess[str]:
        """Run the tool's check the way platinfra does."""
        more = {"MODEL_SERVER_URL": self.url, "MODEL_SERVER_STATUS_URL": self.status_url}
        command = [tool_python(self.tool), TOOLS / self.tool / "check.py", "find", "marker"]
        env = self._environment(tracking_uri) | more
        return subprocess.run([*map(str, command)], env=env, capture_output=True, text=True, timeout=60, check=False)

    def _environment(self, tracking_uri: str) -> dict[str, str]:
        home = self.folder / "home"
        variables = {"MLFLOW_TRACKING_URI": tracking_uri, "PYTHONPATH": str(TOOLS / "_packages")}
        return environment(tool_python(self.tool), home, **variables)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Share the environments of models between tests: making one is tested by the first."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def serve(
    tmp_path: Path, environments: Path, registry: ModelRegistry, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Served]]:
    """Start a model server of a tool, for a model named after the test."""
    started: list[Served] = []

    def start(tool: str) -> Served:
        model = request.node.name.replace("[", "-").replace("]", "")
        started.append(Served(tool, model, tmp_path / tool, environments).start(registry.url))
        return started[-1]

    yield start
    for served in started:
        if served.process and served.process.poll() is None:
            served.stop()
        print((served.folder / "log").read_text())
