"""A registry, a model server and a monitor on a laptop: BentoML, Triton and NannyML beside MLflow."""

import json
import random
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest

from .asked import LOOPBACK, PATIENCE, ROWS, Asked, listeners
from .stack import eventually, kill, lives

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
HERE = Path(__file__).parent
SHARED_MEMORY = Path("/dev/shm")


class Laptop(Asked):
    """The stack, and how people use it."""

    def infer(self) -> Any:
        """Return what Triton predicts; None when it does not."""
        status, answer = self.ask("nvidia-triton.http", "v2/models/wine/infer", json.dumps(ROWS).encode(), "POST")
        return answer["outputs"][0]["data"] if status == 200 else None

    def told(self) -> dict[str, Any]:
        """Return what Triton's status says."""
        return dict(self.ask("nvidia-triton.status", "health")[1] or {})

    def serves(self, version: str) -> bool:
        """Tell whether Triton serves a version."""
        told = self.told()
        return (told.get("status"), told.get("version")) == ("serving", version)

    def shared_memory(self) -> Iterator[Path]:
        """Yield the files outside of the stack's folder by which Triton and its Python backend talk."""
        data = self.root / "components" / "nvidia-triton" / "data"
        return SHARED_MEMORY.glob(f"platinfra_{sha256(str(data).encode()).hexdigest()[:12]}_*")


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """Return the running stack; after the last test it is stopped, and nothing but its folder is left."""
    made = Laptop(tmp_path_factory.mktemp("laptop") / "a stack")
    shutil.copy(HERE / "laptop.yaml", made.file)
    try:
        done = made.run("up", within=PATIENCE)
        assert done.code == 0, done.text
        yield made
        made.usual |= {each.laddr.port for each in listeners(made)}
        assert made.run("down").code == 0
        made.assert_nothing_left()
        assert not list(made.shared_memory())
    finally:
        made.end()


def test_models_pushed_to_bentoml_outlive_its_processes(laptop: Laptop) -> None:
    laptop.check("bentoml")
    kept = laptop.ask("bentoml.http", "versions", b"{}", "POST")[1]
    assert [each["name"] for each in kept]
    main = laptop.pids()["bentoml.server"]
    workers = [each.pid for each in psutil.Process(main).children()]
    assert workers
    for pid in (workers[0], laptop.pids()["bentoml.server"]):
        kill(pid)
        eventually(lambda: laptop.ask("bentoml.http", "readyz")[0] == 200, PATIENCE)
        eventually(lambda: laptop.ask("bentoml.http", "versions", b"{}", "POST")[1] == kept, PATIENCE)
    laptop.check("bentoml")
    eventually(lambda: len(laptop.mains()["bentoml.server"]) == 1)


def test_nannyml_looks_when_asked_and_by_its_schedule_and_keeps_what_it_found(laptop: Laptop) -> None:
    laptop.check("nannyml")
    assert laptop.ask("nannyml.http", "results")[1]["time"] is None  # the check worked in a trial
    chance = random.Random(7)
    for kind, middle in (("reference", 0.0), ("current", 4.0)):
        text = "x\n" + "".join(f"{chance.gauss(middle, 1)}\n" for _ in range(500))
        assert laptop.ask("nannyml.http", f"{kind}/a.csv", text.encode(), "PUT")[0] == 201
    status, answer = laptop.ask("nannyml.http", "look", method="POST")
    assert status == 200
    found = {each["metric"]: each["alert"] for each in answer["results"]["findings"]}
    assert found["x_jensen_shannon"] is True
    assert (
        'nannyml_alert{calculation="drift",metric="x_jensen_shannon"} 1.0' in laptop.ask("nannyml.http", "metrics")[1]
    )
    first = answer["results"]["time"]
    eventually(lambda: laptop.ask("nannyml.http", "results")[1]["time"] > first, PATIENCE)
    laptop.crash("nannyml.desk")
    eventually(lambda: laptop.ask("nannyml.http", "health")[0] == 200)
    assert laptop.ask("nannyml.http", "results")[1]["time"] > first
    laptop.check("nannyml")


def test_triton_follows_the_alias_and_comes_back_whatever_dies(laptop: Laptop) -> None:
    assert laptop.told() == {"status": "waiting", "waiting_for": "models:/wine@champion"}
    assert laptop.ask("nvidia-triton.http", "v2/health/ready")[0] == 200
    assert laptop.infer() is None
    said = laptop.run("check", "nvidia-triton", within=PATIENCE)
    assert said.code == 0, said.text
    assert "models:/wine@champion names no version" in said.text
    first = laptop.client("register", "numbers")
    eventually(lambda: laptop.serves(first), PATIENCE)
    numbers = json.loads(laptop.client("predict"))
    assert laptop.infer() == pytest.approx(numbers)
    second = laptop.client("register", "words")
    while not laptop.serves(second):
        assert laptop.infer() is not None  # a request at any time is answered, by the one or the other
    words = json.loads(laptop.client("predict"))
    assert set(words) <= {"low", "high"}
    assert laptop.infer() == words
    laptop.check("nvidia-triton")
    assert len(list(laptop.shared_memory())) == 1
    for word in ("scoring.py", "triton_python_backend_stub", "bin/tritonserver", "server.py"):
        kill(laptop.process_of("nvidia-triton.server", word))
        eventually(lambda: laptop.infer() == words, PATIENCE)
    eventually(lambda: len(laptop.mains()["nvidia-triton.server"]) == 1)
    assert 'nv_inference_count{model="wine"' in laptop.ask("nvidia-triton.metrics", "metrics")[1]
    assert "nv_inference" not in laptop.ask("nvidia-triton.status", "metrics")[1]
    unsigned = laptop.client("register", "unsigned")
    eventually(lambda: "problem" in laptop.told(), PATIENCE)
    assert laptop.told()["problem"].startswith(
        f"version {unsigned} cannot be served: it was logged without a signature"
    )
    assert laptop.status()["nvidia-triton"]["health"] == "failed"
    assert laptop.infer() == words
    mended = laptop.client("register", "words")
    eventually(lambda: laptop.serves(mended), PATIENCE)
    assert laptop.status()["nvidia-triton"]["health"] == "healthy"


def test_all_of_it_listens_on_loopback_alone(laptop: Laptop) -> None:
    found = listeners(laptop)
    assert {laptop.ports()[each] for each in ("bentoml.http", "nvidia-triton.grpc", "nannyml.http")} <= {
        each.laddr.port for each in found
    }
    assert [each for each in found if not each.laddr.ip.startswith(LOOPBACK)] == []


def test_a_second_up_changes_nothing(laptop: Laptop) -> None:
    before = laptop.pids()
    done = laptop.run("up", within=PATIENCE)
    assert "nothing to do" in done.err
    assert laptop.pids() == before
    assert all(map(lives, before.values()))
