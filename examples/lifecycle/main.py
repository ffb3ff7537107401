"""Play a year of flights: data arrives day by day, models are trained, compared and served, and the seasons drift apart."""

import os
import signal
import sys
from datetime import date, timedelta

import mlflow
import pandas as pd
from flights import ingest, monitoring, on_prefect, play, serving
from flights.pipeline import Outcome
from flights.settings import CHAMPION, MODEL, Folders

NEEDED = ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "EVIDENTLY_URL", "MODEL_SERVER_URL")
WINTER = date(2013, 1, 15)
FIRST_DAYS, FURTHER_DAYS = 30, 137
PATIENCE = 1200
"""Seconds after which the whole run is given up."""

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def main() -> None:
    """Play two seasons with a model for each, from where the last run ended, and print what came of them."""
    if missing := [name for name in NEEDED if name not in os.environ]:
        sys.exit(f"{', '.join(missing)} not set; run it with: platinfra run -- python main.py")
    folders = Folders()
    begin = play.next_day(folders) or WINTER
    further = begin + timedelta(days=FIRST_DAYS)
    if further > play.LAST:
        sys.exit(f"the year is over; to begin anew, remove {folders.root}")

    print(f"1/6 Play {FIRST_DAYS} days from {begin}; a batch of one day is broken")
    play.play(folders, begin, FIRST_DAYS, spoilt=begin + timedelta(days=20))
    print("2/6 Run the pipeline on Prefect")
    first = on_prefect.run()

    print("3/6 Ask the model server about the flights of the last day")
    asked = ask(ingest.newest_schedule(folders))

    print(f"4/6 Play the {FURTHER_DAYS} days after that")
    play.play(folders, further, FURTHER_DAYS)
    print("5/6 Run the pipeline again")
    second = on_prefect.run()
    serving.wait_for(champion())

    print("6/6 Report to Evidently how the flights changed")
    drift = monitoring.report_drift(flights_of(first, folders), flights_of(second, folders), second.version)
    show_models([first, second])
    show_rest(first, second, asked, drift)


def champion() -> str:
    """Return the version that the registry calls champion."""
    return str(mlflow.MlflowClient().get_model_version_by_alias(MODEL, CHAMPION).version)


def ask(flights: pd.DataFrame) -> str:
    """Ask the champion's server about flights; say which one is most probably late."""
    version = champion()
    serving.wait_for(version)
    answers = pd.Series(serving.predict(flights), index=flights["flight_id"])
    return f"version {version} about {len(answers)} flights; {answers.idxmax()} is late with {answers.max():.0%}"


def flights_of(outcome: Outcome, folders: Folders) -> pd.DataFrame:
    """Return the flights that a run of the pipeline used."""
    return pd.read_parquet(folders.versions / f"flights-{outcome.data}.parquet")


def show_models(outcomes: list[Outcome]) -> None:
    """Print a line for each model."""
    lines = [("version", "flights", "until", "ROC AUC", "decision")]
    for each in outcomes:
        decision = f"{'promoted' if each.promoted else 'left'}: {each.why}"
        lines.append((each.version, f"{each.rows:,}", each.last, f"{each.roc_auc:.3f}", decision))
    print()
    for version, flights, last, reached, decision in lines:
        print(f"  {version:<8} {flights:>7}  {last:<10}  {reached:<7}  {decision}")
    print()


def show_rest(first: Outcome, second: Outcome, asked: str, drift: monitoring.Drift) -> None:
    """Print what else happened, and where to look at it."""
    run = mlflow.get_run(second.run_id).info
    rows = {
        "Champion": f"version {champion()} is served",
        "Asked": asked,
        "Refused": ", ".join([*first.refused, *second.refused]) or "nothing",
        "Drifted": ", ".join(drift.columns) or "nothing",
        "Report": drift.url,
        "Run": f"{os.environ['MLFLOW_TRACKING_URI']}/#/experiments/{run.experiment_id}/runs/{run.run_id}",
    }
    for name, value in rows.items():
        print(f"  {name:<9} {value}")


if __name__ == "__main__":
    signal.alarm(PATIENCE)  # the Evidently client has no timeout of its own
    main()
