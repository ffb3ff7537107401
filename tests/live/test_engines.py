"""Spark on a machine, where it stands for AWS Glue: a project's own jobs, its wires, strangers, crashes and the end."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest

from platinfra.app.stacks import brought_up

from .stack import Ended, Stack, eventually

pytestmark = [pytest.mark.live, pytest.mark.slow]
LONG = 240
"""Seconds that a command may take which starts many programs."""
FILE = """\
name: engines
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
stack:
  data_processing: [glue]
  experiment_tracker: [mlflow]
environments:
  laptop:
    provider: {name: local}
    twins: true
"""
JOB = """
import os

import mlflow
from pyspark.sql import SparkSession


def log(rows):
    mlflow.set_experiment("tables")
    with mlflow.start_run():
        mlflow.log_metric("rows", len(list(rows)))
    return [1]


spark = SparkSession.builder.getOrCreate()
spark.range(10).write.mode("overwrite").saveAsTable("numbers")
print("logged by", spark.sparkContext.parallelize(range(10), 1).mapPartitions(log).count())
print("at", spark.sparkContext.master)
"""
READER = """
import os

import mlflow
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print("sum", spark.read.parquet(os.environ["SPARK_ARTIFACTS"] + "/warehouse/numbers").groupBy().sum().first()[0])
print("rows", [each.data.metrics["rows"] for each in mlflow.search_runs(experiment_names=["tables"], output_format="list")])
"""
STRANGER = """
from pyspark.sql import SparkSession

try:
    SparkSession.builder.config("spark.authenticate", "false").getOrCreate().range(10).count()
    print("counted")
except Exception:
    print("refused")
"""


class Laptop(Stack):
    """A stack in its environment `laptop`."""

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        super().__init__(folder)
        self.root = folder / ".platinfra" / "laptop"

    def run(self, *arguments: str, **options: Any) -> Ended:
        """Run a command in the environment."""
        return super().run(arguments[0], "--env", "laptop", *arguments[1:], **options)

    def status(self) -> dict[str, Any]:
        """Return what `status` says of each component."""
        workspace, target = brought_up(self.file, "laptop")
        return {each.name: asdict(each) for each in target.status(workspace)}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """Return the running stack; every test leaves it healthy."""
    made = Laptop(tmp_path_factory.mktemp("engines") / "a stack")
    for each in ("spark", "mlflow", "postgres"):
        made.catalog(each)
    made.file.write_text(FILE)
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        made.assert_healthy()
        yield made
    finally:
        made.end()


def python(stack: Stack, text: str) -> Ended:
    """Run a file of the project."""
    (stack.folder / "main.py").write_text(text)
    return stack.run("run", "--", "python", "main.py", within=LONG)


def test_plan_says_for_what_spark_stands(stack: Stack) -> None:
    assert "stands for `glue`" in stack.run("plan").out


def test_it_is_proved_and_listens_on_this_machine_alone(stack: Stack) -> None:
    done = stack.run("check", "spark", within=LONG)
    assert done.code == 0, done.text
    for each in ("spark ", "spark → directory (tables)", "spark → mlflow (trackers, registries)"):
        assert f"✓ {each}" in done.text
    family = stack.family()
    found = [each for each in psutil.net_connections("inet") if each.pid in family and each.status == "LISTEN"]
    assert {each.laddr.ip for each in found} <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert set(stack.ports().values()) <= {each.laddr.port for each in found}


def test_code_of_the_project_finds_it_without_an_address_and_its_tasks_log_to_the_tracker(stack: Stack) -> None:
    done = python(stack, JOB)
    assert done.code == 0, done.text
    assert "logged by 1\n" in done.out
    assert f"at spark://127.0.0.1:{stack.ports()['spark.master']}\n" in done.out
    read = python(stack, READER).out
    assert "sum 45\n" in read
    assert "rows [10.0]\n" in read


def test_who_does_not_know_the_secret_runs_nothing(stack: Stack) -> None:
    assert python(stack, STRANGER).out == "refused\n"


def test_no_secret_is_in_a_command_line_or_a_log(stack: Stack) -> None:
    secrets = [value.encode() for each in stack.read("secrets.json").values() for value in each.values()]
    arguments = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in stack.family())
    logs = b"".join(each.read_bytes() for each in (stack.root / "logs").iterdir())
    assert arguments
    assert logs
    assert not [place for place in (arguments, logs) for secret in secrets if secret in place]


def test_it_works_again_by_itself_after_each_of_its_processes_was_killed(stack: Stack) -> None:
    for process in ("master", "worker"):
        stack.crash(f"spark.{process}")
        eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 90)
    assert "sum 45\n" in python(stack, READER).out


def test_nothing_is_left_after_its_end(stack: Stack) -> None:
    stack.down()
