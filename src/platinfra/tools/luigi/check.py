"""Prove that Luigi works: `write` by two tasks and `find` what the scheduler knows of them, `run FILE ARGS…` a file in a task."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import luigi

URL = os.environ["LUIGI_SCHEDULER_URL"]


class Keep(luigi.Task):
    """The first step: write a text into a file."""

    text = luigi.Parameter()

    def output(self) -> luigi.LocalTarget:
        """Return the file, in the folder of the check."""
        return luigi.LocalTarget(f"{self.text}.txt")

    def run(self) -> None:
        """Write it."""
        with self.output().open("w") as file:
            file.write(self.text)


class Turn(luigi.Task):
    """The second step: reverse what the first one kept, and tell the scheduler."""

    text = luigi.Parameter()

    def requires(self) -> Keep:
        """Return the first step."""
        return Keep(self.text)

    def output(self) -> luigi.LocalTarget:
        """Return the file, in the folder of the check."""
        return luigi.LocalTarget(f"{self.text}-turned.txt")

    def run(self) -> None:
        """Read, reverse, write."""
        with self.input().open() as file:
            turned = file.read()[::-1]
        self.set_status_message(turned)
        with self.output().open("w") as file:
            file.write(turned)


class Execute(luigi.Task):
    """Run a Python file in a process of its own, with the environment of the worker."""

    file = luigi.Parameter()
    arguments = luigi.ListParameter()
    ended = False
    said = ""

    def complete(self) -> bool:
        """Tell whether it ran, in this process."""
        return self.ended

    def run(self) -> None:
        """Run it; raise what it said at its end."""
        command = [sys.executable, self.file, *self.arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            self.said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise RuntimeError(self.said)
        self.ended = True


def build(task: luigi.Task) -> bool:
    """Run a task and what it needs, as a worker of the scheduler; tell whether all of it succeeded."""
    found: bool = luigi.build([task], scheduler_url=URL, workers=1, log_level="ERROR")
    return found


def ask(method: str, **data: Any) -> Any:
    """Return what the scheduler answers."""
    with urlopen(f"{URL}/api/{method}?data={quote(json.dumps(data))}", timeout=15) as answer:
        return json.load(answer)["response"]


def write(marker: str) -> str | None:
    """Run the two steps."""
    return None if build(Turn(marker)) else "the tasks failed"


def find(marker: str) -> str | None:
    """Look for both steps among what is done, and for the result of the second."""
    done = ask("task_list", status="DONE", upstream_status="")
    if not {Keep(marker).task_id, Turn(marker).task_id} <= done.keys():
        return "not found: the tasks"
    told = ask("get_task_status_message", task_id=Turn(marker).task_id)["statusMessage"]
    return None if told == marker[::-1] else "not found: the result"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a task; return why it failed."""
    task = Execute(str(Path(file).resolve()), list(arguments))
    return None if build(task) else task.said or "the task failed"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("luigi: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"luigi: {error!r}")
