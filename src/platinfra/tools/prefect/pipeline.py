"""The pipeline that `check.py write` has the worker run."""

from prefect import flow, task
from prefect.states import Completed, State


@task
def split(text: str) -> list[str]:
    """Do the first step: split a text into its letters."""
    return list(text)


@task
def join_reversed(letters: list[str]) -> str:
    """Do the second step, by what the first gave."""
    return "".join(reversed(letters))


@flow(name="platinfra-check", validate_parameters=False)
def reverse(text: str) -> "State[None]":
    """Reverse a text; the result is told with the end of the run, since its storage is the worker's own."""
    return Completed(message=join_reversed(split(text)))
