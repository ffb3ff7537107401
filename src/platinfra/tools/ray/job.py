"""The job that `check.py write` hands over: tasks that reverse a text, keep it, and tell the tracker, and a search."""

import os
import sys

import pyarrow.fs
import ray
from ray import tune

TRIALS = 2


@ray.remote
def reverse(text: str) -> str:
    """Reverse a text."""
    return text[::-1]


@ray.remote
def keep(text: str) -> str:
    """Leave a text in the object store, under its own name."""
    store, folder = pyarrow.fs.FileSystem.from_uri(os.environ["RAY_RESULTS"])
    store.create_dir(f"{folder}/platinfra-check")
    with store.open_output_stream(f"{folder}/platinfra-check/{text}") as file:
        file.write(text.encode())
    return text


@ray.remote
def track(text: str) -> str:
    """Log a run with the text, where the stack has a tracker."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        import mlflow

        mlflow.set_experiment("platinfra-check")
        with mlflow.start_run(run_name=f"ray-{text}"):
            mlflow.log_param("marker", text)
    return text


def square(config: dict[str, float]) -> None:
    """Report the square of what the search proposes."""
    tune.report({"loss": config["x"] ** 2})


def search(text: str) -> int:
    """Let Ray Tune search for the smallest square, in the object store; return how many trials went well."""
    found = tune.Tuner(
        square,
        param_space={"x": tune.uniform(-1, 1)},
        tune_config=tune.TuneConfig(num_samples=TRIALS, metric="loss", mode="min"),
        run_config=tune.RunConfig(name=f"platinfra-check-{text}", storage_path=os.environ["RAY_RESULTS"], verbose=0),
    ).fit()
    return sum(result.error is None for result in found)


if __name__ == "__main__":
    marker = sys.argv[1]
    ray.init(log_to_driver=False)
    turned = reverse.remote(reverse.remote(marker))
    if ray.get([keep.remote(turned), track.remote(turned)]) != [marker, marker]:
        sys.exit("the tasks disagree")
    sys.exit(None if search(marker) == TRIALS else "trials failed")
