"""The pipeline: the steps in order. An orchestrator wraps each step; none of them knows which one."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import ParamSpec, Protocol, TypeVar

import mlflow

from flights import card, evaluation, explanation, fairness, features, ingest, registry, training, validate, version
from flights.settings import EXPERIMENT, WINDOW_DAYS, Folders

P = ParamSpec("P")
R = TypeVar("R")


class Wrap(Protocol):
    """What makes a step of an orchestrator from a function, such as Prefect's `task`."""

    def __call__(self, step: Callable[P, R], /) -> Callable[P, R]:
        """Return a function that does the same."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a run of the pipeline came to."""

    version: str
    run_id: str
    data: str
    first: str
    last: str
    rows: int
    roc_auc: float
    champion: str
    champion_roc_auc: float | None
    promoted: bool
    why: str
    refused: list[str]


def plain(step: Callable[P, R], /) -> Callable[P, R]:
    """Return a step as it is: the pipeline runs without an orchestrator."""
    return step


def start(data: version.DataVersion, made: dict[str, str]) -> str:
    """Begin the MLflow run that every later step logs into; return its id."""
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=f"flights until {data.last}", tags=made) as run:
        mlflow.log_params({"rows": data.rows, "first_day": data.first, "last_day": data.last})
        if data.dvc:
            mlflow.log_artifact(f"{data.file}.dvc")
        return str(run.info.run_id)


def run(folders: Folders, tags: dict[str, str], wrap: Wrap = plain) -> Outcome:
    """Go from what is in the inbox to a challenger and a decision; `tags` are put on the run."""
    batches = wrap(ingest.ingest)(folders)
    verdicts = wrap(validate.validate)(batches, folders)
    flights = wrap(ingest.gather)(folders, WINDOW_DAYS)
    data = wrap(version.version)(flights, folders)
    made = version.tags(data)
    run_id = wrap(start)(data, {**made, **tags})
    parts = wrap(features.split)(flights)
    parameters = wrap(training.tune)(parts.training, run_id)
    trained = wrap(training.train)(parts, parameters, run_id)
    found = wrap(evaluation.evaluate)(trained, parts.held_out, run_id)
    influence = wrap(explanation.explain)(trained, parts.held_out, run_id)
    fair = wrap(fairness.fairness)(trained, parts.held_out, run_id)
    text = wrap(card.write_card)(data, parameters, found, influence, fair, run_id)
    challenger = wrap(registry.register)(trained.uri, text, made)
    decision = wrap(registry.decide)(found)
    wrap(registry.promote)(challenger, decision)
    refused = [each.file for each in verdicts if each.problems]
    return wrap(conclude)(challenger, run_id, data, found, decision, refused)


def conclude(
    challenger: str,
    run_id: str,
    data: version.DataVersion,
    found: evaluation.Evaluation,
    decision: registry.Decision,
    refused: list[str],
) -> Outcome:
    """Put all that matters into one record, and log it."""
    before = found.champion
    outcome = Outcome(
        version=challenger,
        run_id=run_id,
        data=data.digest,
        first=data.first,
        last=data.last,
        rows=data.rows,
        roc_auc=found.challenger.roc_auc,
        champion=before.version if before else "",
        champion_roc_auc=before.scores.roc_auc if before else None,
        promoted=decision.promoted,
        why=decision.why,
        refused=refused,
    )
    with mlflow.start_run(run_id=run_id):
        mlflow.log_dict(asdict(outcome), "outcome.json")
    return outcome
