"""The model card: what a model is for, what it was made of, how well it does and where it does not."""

from dataclasses import asdict

import mlflow

from flights.evaluation import Evaluation
from flights.fairness import Fairness
from flights.settings import HELD_OUT_DAYS, LATE_MINUTES, MARGIN
from flights.training import Parameters
from flights.version import DataVersion, tags

CARD = """\
# Flight delay

Says how probable it is that a flight from New York arrives {late} minutes late or more, from what is known before it departs.

## Made of

{made}

## How well it does

On the last {days} days of these flights, which it was not trained on. A challenger needs {margin} more ROC AUC than the champion.

| metric | this model | champion{champion} |
| --- | --- | --- |
{metrics}

## What it looks at

The strongest influences first: {influences}. See `plots/shap.png`.

## Fairness

Largest gaps between two groups, in shares of wrong answers:

{gaps}

{groups}

## Limits

* Flights from EWR, JFK and LGA in 2013 only. Other places and years were never seen.
* Flights that were cancelled or diverted are not in the data, so the model says nothing of them.
* The weather is that of the hour before the scheduled hour, at the place of departure. Weather at the destination and
  the delays of earlier flights of the same plane are not known to it.
* Its probabilities follow the share of late flights in the weeks it was trained on. `plots/calibration.png` shows how far
  they were off on the held-out days.
* It advises people. It is not made to choose who flies, or whom to pay.
"""


def write_card(
    data: DataVersion,
    parameters: Parameters,
    evaluation: Evaluation,
    influence: dict[str, float],
    fair: Fairness,
    run_id: str,
) -> str:
    """Return the card in Markdown, and log it."""
    champion = evaluation.champion
    before = asdict(champion.scores) if champion else {}
    metrics = [
        f"| {name} | {each:.3f} | {format(before[name], '.3f') if name in before else 'none'} |"
        for name, each in asdict(evaluation.challenger).items()
    ]
    made = {"flights": f"{data.rows} from {data.first} to {data.last}", **tags(data), **parameters}
    card = CARD.format(
        late=LATE_MINUTES,
        days=HELD_OUT_DAYS,
        margin=MARGIN,
        made=_bullets(made),
        champion=f" (version {champion.version})" if champion else "",
        metrics="\n".join(metrics),
        influences=", ".join(list(influence)[:5]),
        gaps=_bullets({name.replace("_", " "): f"{each:.2f}" for name, each in fair.gaps.items()}),
        groups=fair.table.to_markdown(index=False, floatfmt=".2f"),
    )
    with mlflow.start_run(run_id=run_id):
        mlflow.log_text(card, "model-card.md")
    return card


def _bullets(lines: dict[str, object]) -> str:
    return "\n".join(
        f"* {name}: {each:.4g}" if isinstance(each, float) else f"* {name}: {each}" for name, each in lines.items()
    )
