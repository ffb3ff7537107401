"""Prove that Ray works: `write` by a job, by tasks and by a search, and `find` what they left, `run FILE ARGS…` a file in a job."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from ray.job_submission import JobStatus, JobSubmissionClient

URL = os.environ["RAY_API_SERVER_ADDRESS"]
TRIALS = 2
"""Of the search in `job.py`."""
PATIENCE = 100.0
"""Seconds for one job, with the start of its driver and of its workers."""
ENDS = {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.STOPPED}


def write(marker: str) -> str | None:
    """Have a job run tasks, which leave the marker in the object store and in the tracker."""
    return as_job(marker, str(Path(__file__).with_name("job.py")), marker) or refuse_strangers()


def find(marker: str) -> str | None:
    """Look for the job and how it ended, and for what its tasks left."""
    if JobSubmissionClient(URL).get_job_status(marker) is not JobStatus.SUCCEEDED:
        return "not found: the job"
    if (losses := find_trials(marker)) is None or len(losses) < TRIALS:
        return f"not found: {TRIALS} trials, only {losses}"
    return find_in_tracker(marker) if os.environ.get("MLFLOW_TRACKING_URI") else None


def find_trials(marker: str) -> list[float] | None:
    """Return the losses that the search of the job left in the object store; None when there is no search."""
    from ray.tune import ExperimentAnalysis

    try:
        table = ExperimentAnalysis(f"{os.environ['RAY_RESULTS']}/platinfra-check-{marker}").dataframe()
    except (OSError, ValueError):
        return None
    return list(table.get("loss", []))


def find_in_tracker(marker: str) -> str | None:
    """Return what the experiment tracker lacks of the run that a task logged."""
    import mlflow

    chosen = f"params.marker = '{marker}'"
    found = mlflow.search_runs(search_all_experiments=True, filter_string=chosen, output_format="list")
    return None if found else "not found: the run in the experiment tracker"


def run(file: str, *arguments: str) -> str | None:
    """Run a file as a job; return why it failed."""
    return as_job(None, str(Path(file).resolve()), *arguments)


def as_job(name: str | None, *command: str) -> str | None:
    """Hand Python a command as a job, and learn its end; return why it failed."""
    client = JobSubmissionClient(URL)
    job = client.submit_job(submission_id=name, entrypoint=shlex.join(["python", *command]))
    deadline = time.monotonic() + PATIENCE
    while (status := client.get_job_status(job)) not in ENDS:
        if time.monotonic() > deadline:
            client.stop_job(job)
            return f"a job did not end within {PATIENCE:.0f} s"
        time.sleep(0.5)
    lines = [line for line in client.get_job_logs(job).splitlines() if line.strip()]
    return None if status is JobStatus.SUCCEEDED else (lines or [f"the job {status.lower()}"])[-1]


def refuse_strangers() -> str | None:
    """Return what is wrong if the server shows its jobs to somebody without the token."""
    try:
        urlopen(f"{URL}/api/jobs/", timeout=15).close()
    except HTTPError as error:
        return None if error.code == 401 else f"without the token it answers {error.code}"
    return "it shows its jobs to who has no token"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("ray: no answer within 130 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(130)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"ray: {error!r}")
