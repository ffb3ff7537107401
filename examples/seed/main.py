"""Take a classifier of tumours from its data to an alert about drift, through every tool of the stack."""

import logging
import os
import signal
import sys
from queue import Empty

import mlflow
from tumours import data, inbox, monitoring, pipeline, registry, serving

ADDRESSES = {
    "ZenML": "ZENML_STORE_URL",
    "MLflow": "MLFLOW_TRACKING_URI",
    "Ray": "RAY_API_SERVER_ADDRESS",
    "BentoML": "BENTOML_REGISTRY_URL",
    "Triton": "TRITON_URL",
    "NannyML": "NANNYML_URL",
}
PATIENCE = 1200
"""Seconds after which the whole run is given up."""
ALERT_SECONDS = 60

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
logging.getLogger("httpx").setLevel(logging.WARNING)


def main() -> None:
    """Run the steps and print what came of them."""
    if missing := [name for name in ADDRESSES.values() if name not in os.environ]:
        sys.exit(f"{', '.join(missing)} not set; run it with: platinfra run --env laptop -- python main.py")
    print("1/5 Version the data with DVC")
    pointer = data.publish()
    _, held_out = data.split(data.pull(pointer))

    print("2/5 Tune on Ray, train and register, as a pipeline of ZenML")
    version = pipeline.run(pointer)

    print(f"3/5 Wait until Triton serves version {version}, and compare its answers with the registered model's")
    serving.wait_for(version)
    rows = data.inputs(held_out)
    answers = serving.predict(rows)
    if answers != [int(each) for each in mlflow.pyfunc.load_model(f"models:/{registry.MODEL}/{version}").predict(rows)]:
        sys.exit(f"Triton answers differently from version {version} in the registry")

    print("4/5 Serve patients of another device, and have NannyML look at them")
    served = data.from_another_device(rows)
    drifted = monitoring.watch(held_out, answers, served, serving.predict(served))
    if not drifted:
        sys.exit("NannyML found no drift")

    print("5/5 Send an alert, and wait for it")
    with inbox.listening() as messages:
        monitoring.alert(version, drifted)
        try:
            received = messages.get(timeout=ALERT_SECONDS)
        except Empty:
            sys.exit(f"no alert arrived within {ALERT_SECONDS} s")
    show(version, drifted, received["data"])


def show(version: str, drifted: list[str], received: dict[str, str]) -> None:
    """Print the results and where to look at them."""
    client = mlflow.MlflowClient()
    run = client.get_run(client.get_model_version(registry.MODEL, version).run_id)
    rows = {
        "Accuracy": f"{run.data.metrics['held_out_accuracy']:.3f} after {run.data.params['trials']} trials",
        "Model": f"{registry.MODEL} version {version} ({registry.ALIAS})",
        "Drift": f"{len(drifted)} columns, such as {drifted[0]}",
        "Alert": f"received: {received['name']} version {received['version']}, {received['key']} = {received['value']}"[
            :100
        ],
        **{name: os.environ[variable] for name, variable in ADDRESSES.items()},
    }
    print()
    for name, value in rows.items():
        print(f"  {name:<10} {value}")


if __name__ == "__main__":
    signal.alarm(PATIENCE)
    main()
