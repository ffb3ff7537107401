"""Prove that Spark works: `write` a table by a job and `find` it, `run FILE ARGS…` a file by a task."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from pyspark.sql import SparkSession
from pyspark.sql.functions import lit

WITHIN = 100
"""Seconds for one file."""
ROWS = 1000


def write(marker: str) -> str | None:
    """Have executors turn numbers into a table of sums in the object store, where Spark itself is told to keep tables."""
    with_python = session(marker).sparkContext.parallelize(range(ROWS), 2).map(lambda each: (each % 2, each))
    table = with_python.toDF(["odd", "number"]).groupBy("odd").sum("number")
    table.withColumn("marker", lit(marker)).write.mode("overwrite").parquet(folder(marker))
    return None if marker in applications() else "the master knows nothing of the job"


def find(marker: str) -> str | None:
    """Read the table again, and look for the job at the master."""
    rows = session("find").read.parquet(folder(marker)).collect()
    if sum(row[1] for row in rows) != sum(range(ROWS)) or {row[2] for row in rows} != {marker}:
        return f"not found: the table, only {rows}"
    return None if marker in applications() else "not found: the job"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a task; return why it failed."""
    command = [sys.executable, str(Path(file).resolve()), *arguments]
    context = session("run").sparkContext
    return context.parallelize([command], 1).map(execute).first() or None


def execute(command: list[str]) -> str:
    """Run a command in a process of its own, with the environment of the worker; return why it failed, or nothing."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return said if done.returncode else ""


def session(name: str) -> SparkSession:
    """Return a session at the master that the environment names."""
    return SparkSession.builder.appName(f"platinfra-check-{name}").getOrCreate()


def folder(marker: str) -> str:
    """Return where the table of a marker is."""
    return f"{os.environ['SPARK_ARTIFACTS']}/platinfra-check/{marker}"


def applications() -> str:
    """Return the names of the jobs that the master knows, those that ended included."""
    with urlopen(f"{os.environ['SPARK_MASTER_PAGE']}/json/", timeout=20) as answer:
        found = json.load(answer)
    return " ".join(each["name"] for each in (*found["activeapps"], *found["completedapps"]))


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("spark: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"spark: {str(error).splitlines()[0]}")
