"""What it costs that a model is served by a platform: `fastapi` of the catalog, against the same model in a bare FastAPI."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "serving")]

from model_servers import (  # noqa: E402
    ModelRegistry,
    Served,
    environment,
    fetch,
    free_port,
    running_registry,
    tool_python,
    until,
)

BARE = Path(__file__).parent / "programs" / "bare_model.py"
ROUNDS, SECONDS = 5, 8
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load."""

    rate: float
    """Requests in a second."""
    slowest: float
    """Seconds that 99 of 100 requests took at most."""


def measure(middle: Callable[[Sequence[float]], float]) -> list[dict[str, object]]:
    """Ask both in turn, and compare them in each round."""
    if not shutil.which("wrk"):
        raise SystemExit("this needs `wrk`: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="platinfra-bench-") as folder, both(Path(folder)) as (bare, ours):
        script = Path(folder) / "models" / "post.lua"
        for url in (bare, ours):
            loaded(url, script, 2)
        rounds = [(loaded(bare, script, SECONDS), loaded(ours, script, SECONDS)) for _ in range(ROUNDS)]
    rates = middle([ours.rate / bare.rate for bare, ours in rounds])
    slow = middle([ours.slowest / bare.slowest for bare, ours in rounds])
    told = (
        f"{middle([ours.rate for _, ours in rounds]):.0f} of {middle([bare.rate for bare, _ in rounds]):.0f} a second"
    )
    return [
        {
            "what": "requests that `fastapi` answers, against the same model in a bare FastAPI, one worker each",
            "measured": f"{rates:.2f} × ({told})",
            "reach": "≥ 1.0 ×",
            "ok": rates >= 1,
        },
        {
            "what": "99 of 100 answers come within, against the same",
            "measured": f"{slow:.2f} × ({middle([ours.slowest for _, ours in rounds]) * 1000:.0f} ms)",
            "reach": "≤ 1.2 ×",
            "ok": slow <= 1.2,
        },
    ]


@contextmanager
def both(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a model by both; yield their addresses, the bare one's first."""
    with running_registry(folder) as registry:
        model, python, port = registry.models / "wine", tool_python("mlflow"), free_port()
        env = environment(python, folder / "home")
        subprocess.run([python, BARE, "make", model], env=env, check=True, capture_output=True, cwd=folder)
        write_request(model / "serving_input_example.json", registry.models / "post.lua")
        with (folder / "bare.log").open("w") as log:
            bare = subprocess.Popen([python, BARE, "serve", model, str(port)], env=env, stdout=log, stderr=log)
        ours = Served("fastapi", "wine", folder / "fastapi", folder / "environments")
        ours.environments.mkdir()
        try:
            serve(ours, registry)
            until(lambda: fetch(f"http://127.0.0.1:{port}/ping")[0] == 200)
            yield f"http://127.0.0.1:{port}", ours.url
        finally:
            bare.terminate()
            bare.wait(20)
            ours.stop()


def serve(ours: Served, registry: ModelRegistry) -> None:
    """Start ours and wait until it answers."""
    ours.start(registry.url)
    version = registry.register("wine", "wine")
    until(lambda: ours.serves(version))


def write_request(example: Path, script: Path) -> None:
    """Write what wrk sends: the example that was logged with the model."""
    body = json.dumps(json.dumps(json.loads(example.read_text())))
    script.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = {body}\n')


def loaded(url: str, script: Path, seconds: int) -> Load:
    """Ask as often as four connections can; raise RuntimeError when an answer is an error."""
    command = ["wrk", "-t1", "-c4", f"-d{seconds}", "--latency", "-s", str(script), f"{url}/invocations"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    assert rate, told
    assert slowest, told
    return Load(float(rate[1]), float(slowest[1]) * UNITS[slowest[2]])
