"""The DAGs that `check.py` runs; their tasks run in the project's environment."""

import os

from airflow.sdk import dag, task

PROJECT = {"python": os.environ["PROJECT_PYTHON"], "expect_airflow": False, "expect_pendulum": False}


@task.external_python(**PROJECT)
def keep(text: str) -> str:
    """Do the first step: hand a text on."""
    return text


@task.external_python(**PROJECT)
def turn(text: str) -> str:
    """Do the second step, by what the first gave."""
    return text[::-1]


@task.external_python(**PROJECT)
def execute(file: str, arguments: list[str]) -> None:
    """Run a Python file in a process of its own, with the environment of tasks."""
    import subprocess
    import sys

    done = subprocess.run([sys.executable, file, *arguments], capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


@dag(dag_id="platinfra-check", schedule=None, params={"text": ""}, is_paused_upon_creation=False, tags=["platinfra"])
def reverse() -> None:
    """Reverse a text in two steps."""
    turn(keep("{{ params.text }}"))


@dag(
    dag_id="platinfra-check-file",
    schedule=None,
    params={"file": "", "arguments": []},
    render_template_as_native_obj=True,
    is_paused_upon_creation=False,
    tags=["platinfra"],
)
def run_file() -> None:
    """Run a file as the only step."""
    execute("{{ params.file }}", "{{ params.arguments }}")


reverse()
run_file()
