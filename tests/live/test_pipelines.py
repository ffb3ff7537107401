"""ZenML and Ray on one machine: people's code, the rest of the stack from inside it, crashes, strangers and the end."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from platinfra.targets.local.verbs.machine import environments
from tests.environments import PIPELINES, packages_of_all

from .stack import Stack, eventually, kill

pytestmark = [pytest.mark.live]
LONG = 240
"""Seconds that a command may take which starts many programs."""
OUTSIDE = [Path.home() / "ray_results", Path.home() / ".config/zenml", Path("/tmp/ray")]
"""Where ZenML and Ray write if nobody tells them otherwise."""
PIPELINE = """
import os

import mlflow
from zenml import pipeline, step
from zenml.client import Client


@step
def load() -> list[float]:
    return [1.0, 2.0, 3.0]


@step(experiment_tracker="mlflow")
def train(numbers: list[float]) -> float:
    mlflow.log_metric("mean", sum(numbers) / len(numbers))
    return sum(numbers) / len(numbers)


@pipeline(enable_cache=False)
def means() -> None:
    train(load())


if __name__ == "__main__":
    run = means()
    print("stack", Client().active_stack.name)
    print("kept", run.steps["train"].output.uri)
"""
READER = """
import mlflow
from zenml.client import Client

print("mean", Client().get_pipeline("means").last_run.steps["train"].output.load())
print("tracked", [each.data.metrics["mean"] for each in mlflow.search_runs(experiment_names=["means"], output_format="list")])
"""
TRIALS = """
import os

import mlflow
import ray
from ray import tune


def trial(config):
    import mlflow

    mlflow.set_experiment("trials")
    with mlflow.start_run():
        mlflow.log_param("x", config["x"])
    tune.report({"loss": (config["x"] - 2) ** 2})


mlflow.set_experiment("trials")  # two trials that begin at once would both make it
tuner = tune.Tuner(
    tune.with_resources(trial, {"cpu": 1}),
    param_space={"x": tune.grid_search([1, 2, 3])},
    tune_config=tune.TuneConfig(metric="loss", mode="min"),
    run_config=tune.RunConfig(storage_path=os.environ["RAY_RESULTS"], name="trials", verbose=0),
)
print("best", tuner.fit().get_best_result().config["x"])
print("tracked", len(mlflow.search_runs(experiment_names=["trials"])))
print("nodes", sorted(each["NodeManagerAddress"] for each in ray.nodes()))
"""
STRANGER = "import ray; ray.init(address='ADDRESS', logging_level='ERROR'); print('let in')"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; every test leaves it healthy."""
    made = Stack(tmp_path_factory.mktemp("pipelines") / "a stack")
    for tool in ("zenml", "ray", "mlflow", "postgres"):
        made.catalog(tool)
    made.file.write_text(PIPELINES)
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        made.assert_healthy()
        yield made
    finally:
        made.end()


def code(stack: Stack, name: str, text: str, *more: str) -> str:
    """Run a script as people do; return what it printed."""
    (stack.folder / name).write_text(text)
    done = stack.run("run", "--", *more, "python", name, within=LONG)
    assert done.code == 0, done.text
    return done.out


def client_env(stack: Stack) -> dict[str, str]:
    return dict(json.loads((stack.root / "client" / "env.json").read_text()))


def checked(stack: Stack, component: str) -> str:
    done = stack.run("check", component, within=LONG)
    assert done.code == 0, done.text
    return done.text


def asked(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=15) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_each_tool_and_what_its_code_uses_is_proved(stack: Stack) -> None:
    said = checked(stack, "zenml") + checked(stack, "ray")
    for wire in ("zenml → directory (artifacts)", "ray → directory (artifacts)", "ray → mlflow (trackers)"):
        assert f"✓ {wire}" in said
    assert "✓ zenml → ray (engines, tuners)" in said
    assert "✓ zenml → mlflow (tracker, registry, trackers, registries)" in said


def test_a_pipeline_runs_on_the_stack_and_another_process_finds_what_it_made(stack: Stack) -> None:
    said = code(stack, "pipeline.py", PIPELINE)
    assert "stack pipelines\n" in said
    [kept] = [line.removeprefix("kept ") for line in said.splitlines() if line.startswith("kept ")]
    assert Path(kept).is_relative_to(stack.root / "components" / "directory" / "data" / "zenml")
    found = code(stack, "reader.py", READER)
    assert "mean 2.0\n" in found
    assert "tracked [2.0]\n" in found


def test_trials_run_on_the_stack_s_ray_log_to_its_mlflow_and_leave_their_results_in_its_store(stack: Stack) -> None:
    said = code(stack, "trials.py", TRIALS)
    for line in ("best 2", "tracked 3", "nodes ['127.0.0.1']"):
        assert f"{line}\n" in said, said
    assert (stack.root / "components" / "directory" / "data" / "ray" / "trials").is_dir()


def test_the_jobs_of_ray_are_shown_to_who_has_the_token(stack: Stack) -> None:
    env = client_env(stack)
    url, token = env["RAY_API_SERVER_ADDRESS"], Path(env["RAY_AUTH_TOKEN_PATH"])
    assert token.stat().st_mode & 0o777 == 0o600
    assert asked(f"{url}/api/jobs/") == 401
    assert asked(f"{url}/api/jobs/", Authorization=f"Bearer {token.read_text()}") == 200


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [{}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "guessed"}], ids=["none", "wrong"])
def test_a_driver_without_the_token_cannot_connect(stack: Stack, tokens: dict[str, str]) -> None:
    env = client_env(stack)
    without = {name: value for name, value in env.items() if not name.startswith("RAY_AUTH")}
    done = subprocess.run(
        [stack.root / "client" / "venv" / "bin" / "python", "-c", STRANGER.replace("ADDRESS", env["RAY_ADDRESS"])],
        env={"PATH": os.environ["PATH"], "HOME": str(stack.folder), **without, **tokens},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "let in" not in done.stdout
    assert "ConnectionError" in done.stderr


def test_the_server_of_zenml_refuses_who_has_no_login(stack: Stack) -> None:
    url = f"http://127.0.0.1:{stack.port('zenml')}/api/v1"
    assert asked(f"{url}/stacks") == 401
    assert client_env(stack)["ZENML_STORE_USERNAME"] == "clients"


def test_everything_listens_on_this_machine_alone_and_where_the_recipes_say(stack: Stack) -> None:
    family = stack.family()
    found = [each for each in psutil.net_connections("inet") if each.pid in family and each.status == "LISTEN"]
    assert {each.laddr.ip for each in found} <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert set(stack.ports().values()) <= {each.laddr.port for each in found}


def test_no_secret_is_in_a_command_line_or_a_log(stack: Stack) -> None:
    secrets = [value.encode() for each in stack.read("secrets.json").values() for value in each.values()]
    arguments = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in stack.family())
    logs = b"".join(each.read_bytes() for each in (stack.root / "logs").iterdir())
    sessions = (stack.root / "components" / "ray" / "tmp").rglob("*.log")
    own = b"".join(each.read_bytes() for each in sessions if each.is_file())
    assert arguments
    assert logs
    assert own
    assert not [place for place in (arguments, logs, own) for secret in secrets if secret in place]


@pytest.mark.slow
@pytest.mark.parametrize("program", ["zenml.server", "ray.head"])
def test_a_killed_process_comes_back_and_works(stack: Stack, program: str) -> None:
    stack.crash(program)
    eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 90)
    checked(stack, program.partition(".")[0])
    stack.assert_healthy()


@pytest.mark.slow
@pytest.mark.parametrize("part", ["gcs_server", "raylet"])
def test_ray_starts_again_when_a_part_of_it_is_killed(stack: Stack, part: str) -> None:
    before = stack.pids()["ray.head"]
    [pid] = [each for each in stack.marks() if psutil.Process(each).name() == part]
    kill(pid)
    eventually(lambda: stack.pids().get("ray.head", before) != before, 90)
    eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 90)
    checked(stack, "ray")


@pytest.mark.slow
def test_nothing_is_left_after_the_end_and_a_second_start_has_everything(stack: Stack) -> None:
    before = [each for each in OUTSIDE if each.exists()]
    code(stack, "pipeline.py", PIPELINE)
    stack.down()
    assert [each for each in OUTSIDE if each.exists()] == before
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    stack.assert_healthy()
    assert "mean 2.0\n" in code(stack, "reader.py", READER)


def test_the_clients_of_all_tools_of_a_machine_fit_into_one_environment(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock.txt"
    environments().compile(packages_of_all(), lock, lambda _: None)
    text = lock.read_text()
    assert "\nzenml==0.98.0" in text
    assert "\nprefect==3.8.8" in text
    assert "\nray==2.60.0" in text
