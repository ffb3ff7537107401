"""The registry: a new version is the challenger; it becomes the champion only if it is better by a margin."""

from dataclasses import dataclass

import mlflow

from flights.evaluation import Evaluation
from flights.settings import CHALLENGER, CHAMPION, MARGIN, MODEL


@dataclass(frozen=True)
class Decision:
    """Whether a version became the champion, and why."""

    promoted: bool
    why: str


def register(uri: str, card: str, made: dict[str, str]) -> str:
    """Register a model as challenger, with its card and what it was made of; return the version."""
    client = mlflow.MlflowClient()
    version = mlflow.register_model(uri, MODEL, tags=made).version
    client.update_model_version(MODEL, version, description=card)
    client.set_registered_model_alias(MODEL, CHALLENGER, version)
    return str(version)


def decide(evaluation: Evaluation, margin: float = MARGIN) -> Decision:
    """Say whether the challenger is better enough."""
    champion = evaluation.champion
    if champion is None:
        return Decision(promoted=True, why="it is the first model")
    new, old = evaluation.challenger.roc_auc, champion.scores.roc_auc
    told = f"ROC AUC {new:.3f} against {old:.3f} of version {champion.version}"
    if new - old > margin:
        return Decision(promoted=True, why=f"{told}, more than {margin} better")
    return Decision(promoted=False, why=f"{told}, not more than {margin} better")


def promote(version: str, decision: Decision) -> None:
    """Do what was decided, and write it beside the version; a challenger that lost keeps its name."""
    client = mlflow.MlflowClient()
    client.set_model_version_tag(MODEL, version, "decision", "promoted" if decision.promoted else "left")
    client.set_model_version_tag(MODEL, version, "why", decision.why)
    if decision.promoted:
        client.set_registered_model_alias(MODEL, CHAMPION, version)
        client.delete_registered_model_alias(MODEL, CHALLENGER)
