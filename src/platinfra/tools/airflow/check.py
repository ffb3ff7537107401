"""Prove that Airflow works: `write` by a run of two tasks and `find` its result, `run FILE ARGS…` a file in a task."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from airflow_client.client import ApiClient, Configuration
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.api.task_instance_api import TaskInstanceApi
from airflow_client.client.api.x_com_api import XComApi
from airflow_client.client.exceptions import NotFoundException
from airflow_client.client.models.trigger_dag_run_post_body import TriggerDAGRunPostBody

URL = os.environ["AIRFLOW_URL"]
STEPS, FILE = "platinfra-check", "platinfra-check-file"
"""The DAGs beside this file."""
PATIENCE = 110.0
"""Seconds for one run, and before it for the DAG to be known, which it is some seconds after the first start."""


@contextmanager
def client() -> Iterator[ApiClient]:
    """Log in; yield what the parts of the API take."""
    login = {"username": os.environ["AIRFLOW_USERNAME"], "password": os.environ["AIRFLOW_PASSWORD"]}
    request = Request(f"{URL}/auth/token", json.dumps(login).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=20) as answer:
        token = json.load(answer)["access_token"]
    with ApiClient(Configuration(host=URL, access_token=token)) as opened:
        yield opened


def write(marker: str) -> str | None:
    """Run the two steps under the marker's name."""
    return start_and_wait(STEPS, marker, {"text": marker})


def find(marker: str) -> str | None:
    """Look for the run, what both tasks gave, and the log of the second."""
    with client() as api:
        try:
            state = DagRunApi(api).get_dag_run(STEPS, marker).state
        except NotFoundException:
            return "not found: the run"
        given = [value_of(api, marker, task) for task in ("keep", "turn")]
        if state != "success" or given != [marker, marker[::-1]]:
            return "not found: the results"
        return (
            None if any(marker[::-1] in each for each in log_of(api, STEPS, marker, "turn")) else "not found: the log"
        )


def value_of(api: ApiClient, name: str, task: str) -> Any:
    """Return what a task of the two steps gave."""
    found: Any = XComApi(api).get_xcom_entry(STEPS, task, name, "return_value").actual_instance
    return found.value


def log_of(api: ApiClient, dag: str, name: str, task: str) -> list[str]:
    """Return the lines of a task's log."""
    found: Any = TaskInstanceApi(api).get_log(dag, name, task, 1, full_content=True).content.actual_instance
    return [each.event for each in found]


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a task; return why it failed."""
    return start_and_wait(FILE, uuid4().hex, {"file": str(Path(file).resolve()), "arguments": list(arguments)})


def start_and_wait(dag: str, name: str, conf: dict[str, Any]) -> str | None:
    """Ask for a run and learn its end; return why it failed."""
    deadline = time.monotonic() + PATIENCE
    with client() as api:
        runs = DagRunApi(api)
        trigger(runs, dag, TriggerDAGRunPostBody(dag_run_id=name, conf=conf), deadline)
        while (state := runs.get_dag_run(dag, name).state) not in {"success", "failed"}:
            if time.monotonic() > deadline:
                return f"the run is {state.value} after {PATIENCE:.0f} s"
            time.sleep(0.5)
        return None if state == "success" else why(api, dag, name)


def trigger(runs: DagRunApi, dag: str, body: TriggerDAGRunPostBody, deadline: float) -> None:
    """Ask for a run as soon as the DAG is known."""
    while True:
        try:
            runs.trigger_dag_run(dag, body)
        except NotFoundException:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def why(api: ApiClient, dag: str, name: str) -> str:
    """Return the last error in the logs of a run."""
    tasks = TaskInstanceApi(api).get_task_instances(dag, name).task_instances
    errors = [line for each in tasks for line in log_of(api, dag, name, each.task_id) if "Error" in line]
    return errors[-1] if errors else "the run failed"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("airflow: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"airflow: {error!r}")
