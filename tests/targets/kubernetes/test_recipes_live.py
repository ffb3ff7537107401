"""What is built from a lock runs: each server in its own environment, with an object store on loopback."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from platinfra.targets.local.verbs.machine import environments
from tests.moto_server import _free_port as free_port
from tests.moto_server import moto, surroundings

pytestmark = [pytest.mark.live, pytest.mark.timeout(290)]
TOOLS = Path(__file__).parents[3] / "src" / "platinfra" / "tools"
PATIENCE, STOP = 120.0, 30.0
"""Seconds for a server to answer, and to end."""
MODEL = """
import os, sys
os.environ["BENTOML_HOME"] = sys.argv[2] + "/home"
import bentoml
from pathlib import Path
from sklearn.linear_model import LogisticRegression
model = bentoml.sklearn.save_model("wine", LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
file = bentoml.models.export_model(model.tag, sys.argv[2] + "/")
found = next(Path(sys.argv[2]).glob("*.bentomodel"))
client = bentoml.SyncHTTPClient(sys.argv[1])
tag = client.push(file=found)
client.promote(tag="wine", alias="champion")
print(tag == str(model.tag), client.predict(tag="wine:champion", rows=[[0.0], [3.0]])["predictions"])
"""
DATA = """
import sys
import numpy as np, pandas as pd
random = np.random.default_rng(1)
def rows(count, shift):
    x = random.normal(shift, 1, count)
    score = 1 / (1 + np.exp(-x))
    true = (random.random(count) < score).astype(int)
    return pd.DataFrame({"x": x, "y_pred_proba": score, "y_pred": (score > 0.5).astype(int), "y_true": true})
rows(2000, 0).to_parquet(sys.argv[1] + "/a.parquet")
rows(1000, 3).drop(columns="y_true").to_csv(sys.argv[1] + "/b.csv", index=False)
"""
STUDY = """
import sys, optuna
storage = optuna.storages.GrpcStorageProxy(host="127.0.0.1", port=int(sys.argv[1]))
study = optuna.create_study(storage=storage, study_name="search")
study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=3)
print(len(study.trials))
"""
ESTIMATOR = """
import sys, joblib
from sklearn.linear_model import LogisticRegression
joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), sys.argv[1])
"""


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """Return the variables that lead to an empty bucket."""
    import boto3

    with moto() as url:
        variables = surroundings(url)
        client = boto3.client("s3", endpoint_url=url, region_name=variables["AWS_REGION"], **_keys(variables))
        place = {"LocationConstraint": variables["AWS_REGION"]}
        client.create_bucket(Bucket="stack-objects", CreateBucketConfiguration=place)
        yield variables


def _keys(variables: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): variables[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}


class Tool:
    """A tool in the environment of its lock."""

    def __init__(self, name: str, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        locks = (TOOLS / name / f"{each}.lock.txt" for each in ("image", "requirements"))
        lock = next(each for each in locks if each.exists())
        programs = Path(environments().ensure(lock, lambda _: None)) / "bin"
        self.env = {
            **{each: os.environ[each] for each in ("LANG", "TMPDIR") if each in os.environ},
            **variables,
            "HOME": str(folder),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(TOOLS / "_packages"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "STORE_URL": f"s3://stack-objects/{name}",
            "NML_DISABLE_USAGE_LOGGING": "1",
            "BENTOML_DO_NOT_TRACK": "True",
            "BENTOML_HOME": str(folder / "bentoml"),
        }

    def run(self, *command: object) -> str:
        """Run a command to its end and return what it says."""
        done = subprocess.run(
            [str(each) for each in command],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    @contextmanager
    def running(self, ready: str, *command: object) -> Iterator[None]:
        """Keep a server running that answers at an address; a signal ends it cleanly."""
        with (self.folder / "log").open("w") as log:
            child = subprocess.Popen(
                [str(each) for each in command], env=self.env, cwd=self.folder, stdout=log, stderr=log
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while ask(ready)[0] != 200:
                assert child.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.3)
            yield
            child.terminate()
            assert child.wait(STOP) == 0
        finally:
            child.kill()
            child.wait()


def ask(url: str, body: bytes | None = None, method: str = "GET") -> tuple[int, bytes]:
    """Ask over HTTP; 0 means that nobody answered."""
    headers = {"content-type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def test_a_model_that_was_pushed_and_promoted_answers(bucket: dict[str, str], tmp_path: Path) -> None:
    tool, port = Tool("bentoml", tmp_path, bucket), free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "out").mkdir()
    command = ["bentoml", "serve", "registry_server:Registry", f"--working-dir={TOOLS / 'bentoml'}"]
    with tool.running(f"{url}/readyz", *command, "--host=127.0.0.1", f"--port={port}"):
        assert tool.run("python", "-c", MODEL, url, tmp_path / "out").split(maxsplit=1) == ["True", "[0, 1]\n"]
        assert ask(f"{url}/predict", b'{"tag": "beer", "rows": [[1.0]]}', "POST")[0] == 404
        assert ask(f"{url}/push", b"{}", "POST")[0] == 400
        assert b"swagger" in ask(url)[1]
        assert b"bentoml_service_request_total" in ask(f"{url}/metrics")[1]


@pytest.mark.slow
def test_data_that_was_handed_in_is_looked_at_and_shown(bucket: dict[str, str], tmp_path: Path) -> None:
    tool, port = Tool("nannyml", tmp_path, bucket), free_port()
    url, folder = f"http://127.0.0.1:{port}", TOOLS / "nannyml"
    assert "nothing to compare" in tool.run("python", folder / "monitor.py")
    tool.run("python", "-c", DATA, tmp_path)
    with tool.running(f"{url}/health", "python", folder / "desk.py", f"--port={port}"):
        for kind, name in (("reference", "a.parquet"), ("current", "b.csv")):
            assert ask(f"{url}/{kind}/{name}", (tmp_path / name).read_bytes(), "PUT")[0] == 201
        tool.run("python", folder / "monitor.py")
        found = json.loads(ask(f"{url}/results")[1])
    alerts = {(each["calculation"], each["metric"]): each["alert"] for each in found["findings"]}
    assert alerts["drift", "x_jensen_shannon"]
    assert ("estimated_performance", "roc_auc") in alerts
    assert found["rows"] == {"reference": 2000, "current": 1000}


def test_trials_of_clients_are_kept_and_shown(tmp_path: Path) -> None:
    tool, port, storage = Tool("optuna", tmp_path, {}), free_port(), free_port()
    tool.env["DATABASE_URL"] = f"sqlite:///{tmp_path}/studies.db"
    url = f"http://127.0.0.1:{port}"
    serve = ["python", TOOLS / "optuna" / "serve.py", f"--port={port}", f"--storage-port={storage}"]
    with tool.running(f"{url}/api/meta", *serve):
        assert tool.run("python", "-c", STUDY, storage).split() == ["3"]
        studies = json.loads(ask(f"{url}/api/studies")[1])["study_summaries"]
    assert [each["study_name"] for each in studies] == ["search"]


def test_the_scheduler_of_luigi_tells_how_it_is(tmp_path: Path) -> None:
    tool, port = Tool("luigi", tmp_path, {}), free_port()
    (tmp_path / "luigi.cfg").write_text("[scheduler]\nmetrics_collector=prometheus\n")
    tool.env["LUIGI_CONFIG_PATH"] = str(tmp_path / "luigi.cfg")
    url = f"http://127.0.0.1:{port}"
    command = ["luigid", "--address=127.0.0.1", f"--port={port}", f"--state-path={tmp_path / 'state.pickle'}"]
    with tool.running(f"{url}/static/visualiser/index.html", *command):
        assert b"luigi_task_started_total" in ask(f"{url}/metrics")[1]
    assert (tmp_path / "state.pickle").exists()


@pytest.mark.slow
def test_a_model_put_into_the_object_store_is_served_without_a_restart(bucket: dict[str, str], tmp_path: Path) -> None:
    tool, ports = Tool("mlserver", tmp_path, bucket), [free_port() for _ in range(3)]
    url = f"http://127.0.0.1:{ports[0]}"
    options = [f"--{name}={port}" for name, port in zip(("port", "grpc-port", "metrics-port"), ports, strict=True)]
    command = ["python", TOOLS / "mlserver" / "serve.py", *options, "--poll-seconds=1", f"--data={tmp_path / 'data'}"]
    settings = {"name": "wine", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./m.joblib"}}
    asked = {"inputs": [{"name": "x", "shape": [2, 1], "datatype": "FP64", "data": [0.0, 3.0]}]}
    tool.run("python", "-c", ESTIMATOR, tmp_path / "m.joblib")
    (tmp_path / "model-settings.json").write_text(json.dumps(settings))
    with tool.running(f"{url}/v2/health/ready", *command):
        put = "import os, sys; from model_server.objects import objects_at; from pathlib import Path; "
        put += (
            "[objects_at(os.environ['STORE_URL']).upload(Path(each), f'models/wine/{each}') for each in sys.argv[1:]]"
        )
        tool.run("python", "-c", put, "m.joblib", "model-settings.json")
        deadline, answer = time.monotonic() + PATIENCE, (0, b"")
        while answer[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.5)
            answer = ask(f"{url}/v2/models/wine/infer", json.dumps(asked).encode(), "POST")
        assert json.loads(answer[1])["outputs"][0]["data"] == [0, 1]
        assert b"rest_server_requests" in ask(f"http://127.0.0.1:{ports[2]}/metrics")[1]
