"""Take a wine classifier from its data to a monitored model server, through every tool of the stack."""

import os
import signal
import sys

import mlflow
import pandas as pd
from mlflow.entities import Run
from wine import data, monitoring, pipeline, serving, training

ADDRESSES = {
    "MLflow": "MLFLOW_TRACKING_URI",
    "Prefect": "PREFECT_API_URL",
    "Evidently": "EVIDENTLY_URL",
    "Model server": "MODEL_SERVER_URL",
    "JupyterLab": "JUPYTER_URL",
}
PATIENCE = 1200
"""Seconds after which the whole run is given up."""

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def main() -> None:
    """Run the five steps and print what came of them."""
    require_stack()
    print("1/5 Version the data with DVC")
    pointer = data.publish()
    rows, held_out = data.split(data.pull(pointer))

    print("2/5 Train the candidates in a Prefect flow")
    flow_run = pipeline.run(pointer)
    version, run = champion()
    if run.data.tags["flow_run"] != str(flow_run.id):
        sys.exit(f"version {version} comes from another flow run, which finished after {flow_run.name}")

    print(f"3/5 Wait until the model server serves version {version}")
    serving.wait_for(version)

    print("4/5 Compare its answers with those of the registered model")
    compare(version, data.inputs(held_out))

    print("5/5 Report drift to Evidently")
    drift = monitoring.report_drift(data.inputs(rows), data.inputs(held_out), version)
    show(version, run, drift)


def require_stack() -> None:
    """Stop when the addresses of the stack are not there."""
    if missing := [name for name in ADDRESSES.values() if name not in os.environ]:
        sys.exit(f"{', '.join(missing)} not set; run it with: platinfra run -- python main.py")


def champion() -> tuple[str, Run]:
    """Return the version that the registry calls champion, and the run that made it."""
    registered = mlflow.MlflowClient().get_model_version_by_alias(training.MODEL, training.ALIAS)
    return str(registered.version), mlflow.get_run(registered.run_id)


def compare(version: str, inputs: pd.DataFrame) -> None:
    """Stop unless the server answers exactly as the registered model does."""
    offline = mlflow.pyfunc.load_model(f"models:/{training.MODEL}/{version}").predict(inputs)
    if serving.predict(inputs) != list(offline):
        sys.exit(f"the model server answers differently from version {version} in the registry")


def show(version: str, run: Run, drift: monitoring.Drift) -> None:
    """Print the results and where to look at them."""
    tracking = os.environ["MLFLOW_TRACKING_URI"]
    rows = {
        "Accuracy": f"{run.data.metrics['accuracy']:.3f} ({run.info.run_name})",
        "Model": f"{training.MODEL} version {version} ({training.ALIAS})",
        "Run": f"{tracking}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}",
        "Drift": f"{drift.columns} columns drifted ({drift.share:.0%})",
        "Report": drift.url,
        **{name: os.environ[variable].removesuffix("/api") for name, variable in ADDRESSES.items()},
    }
    print()
    for name, value in rows.items():
        print(f"  {name:<13} {value}")


if __name__ == "__main__":
    signal.alarm(PATIENCE)  # the Evidently client has no timeout of its own
    main()
