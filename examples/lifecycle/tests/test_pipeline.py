"""The steps in order, with an MLflow of the test's own: a first model, and one that is not better."""

import json
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import matplotlib.pyplot as plt
import mlflow
import pandas as pd
import pytest
from flights import evaluation, explanation, features, pipeline, registry, training, version
from flights.evaluation import Champion, Evaluation, Scores
from flights.settings import MODEL, TRIALS, Folders

P = ParamSpec("P")
R = TypeVar("R")
STEPS = "ingest validate gather version start split tune train evaluate explain fairness write_card register decide promote conclude"


def scores(roc_auc: float) -> Scores:
    return Scores(roc_auc, 0.3, 0.5, 0.2)


@pytest.mark.parametrize(("challenger", "promoted"), [(0.70, True), (0.661, True), (0.659, False), (0.60, False)])
def test_only_a_margin_makes_a_champion(challenger: float, promoted: bool) -> None:
    decision = registry.decide(Evaluation(scores(challenger), Champion("3", scores(0.65))))
    assert decision.promoted is promoted
    assert f"{challenger:.3f} against 0.650 of version 3" in decision.why


def test_the_first_model_is_champion() -> None:
    assert registry.decide(Evaluation(scores(0.5), None)).promoted


def test_a_version_of_data_is_its_content(
    flights: pd.DataFrame, folders: Folders, tracking: mlflow.MlflowClient
) -> None:
    first = version.version(flights, folders)
    assert version.version(pd.read_parquet(first.file), folders) == first
    assert (first.first, first.last, first.rows) == ("2013-01-15", "2013-02-01", len(flights))
    flights.loc[5, "late"] = not flights.loc[5, "late"]
    assert version.version(flights, folders).digest != first.digest


def test_tuning_is_the_same_each_time_and_keeps_its_budget(
    flights: pd.DataFrame, tracking: mlflow.MlflowClient
) -> None:
    with mlflow.start_run() as run:
        pass
    parts = features.split(flights)
    found = [training.tune(parts.training, run.info.run_id, trials=2) for _ in range(2)]
    assert found[0] == found[1]
    with mlflow.start_run() as short:
        pass
    training.tune(parts.training, short.info.run_id, trials=500, seconds=1)
    assert 1 <= int(tracking.get_run(short.info.run_id).data.params["trials"]) < 500


def test_two_runs_make_a_champion_and_a_challenger_that_is_left(
    folders: Folders, tracking: mlflow.MlflowClient
) -> None:
    steps: list[str] = []

    def wrap(step: Callable[P, R], /) -> Callable[P, R]:
        steps.append(step.__name__)
        return step

    first = pipeline.run(folders, {"flow_run": "none"}, wrap)
    assert steps == STEPS.split()
    assert (first.version, first.promoted, first.why) == ("1", True, "it is the first model")
    second = pipeline.run(folders, {})
    assert (second.version, second.champion, second.promoted) == ("2", "1", False)
    assert second.roc_auc == first.roc_auc == second.champion_roc_auc
    assert second.data == first.data
    assert "not more than 0.01 better" in second.why
    aliases = tracking.get_registered_model(MODEL).aliases
    assert {name: str(each) for name, each in aliases.items()} == {"champion": "1", "challenger": "2"}
    assert_documented(tracking, first)


def assert_documented(tracking: mlflow.MlflowClient, outcome: pipeline.Outcome) -> None:
    """Look at a version as a person would who asks what it is."""
    known = tracking.get_model_version(MODEL, outcome.version)
    assert known.tags["data"] == outcome.data
    assert {"code", "environment", "decision", "why"} <= known.tags.keys()
    assert outcome.data in known.description
    artifacts = {each.path for each in tracking.list_artifacts(outcome.run_id)}
    artifacts |= {each.path for each in tracking.list_artifacts(outcome.run_id, "plots")}
    wanted = {"model-card.md", "explanation.json", "fairness.json", "outcome.json"}
    assert artifacts >= wanted | {"plots/shap.png", "plots/fairness.png", "plots/calibration.png"}
    trials = mlflow.search_runs(filter_string=f"tags.`mlflow.parentRunId` = '{outcome.run_id}'", output_format="list")
    assert len(trials) == TRIALS
    model = mlflow.models.Model.load(f"models:/{MODEL}/{outcome.version}")
    assert model.signature.inputs.input_names() == features.FEATURES
    assert model.load_input_example(f"models:/{MODEL}/{outcome.version}").shape == (5, len(features.FEATURES))
    explained = json.loads(mlflow.artifacts.load_text(f"runs:/{outcome.run_id}/explanation.json"))
    assert set(explained) == set(features.FEATURES)
    assert max(explained.values()) > 0


def test_each_plot_is_alone_in_its_picture(flights: pd.DataFrame, tracking: mlflow.MlflowClient) -> None:
    with mlflow.start_run() as run:
        pass
    parts = features.split(flights)
    trained = training.train(parts, {"max_leaf_nodes": 7}, run.info.run_id)
    evaluation.evaluate(trained, parts.held_out, run.info.run_id)
    assert plt.get_fignums() == []
    explanation.explain(trained, parts.held_out, run.info.run_id)
    assert plt.get_fignums() == []
