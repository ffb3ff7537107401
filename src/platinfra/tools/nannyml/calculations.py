"""What NannyML says of current data, given data on which the model is known to have worked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nannyml as nml
from nannyml.chunk import CountBasedChunker
from pandas.api.types import is_numeric_dtype

from data_looks.reports import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

CLASSIFICATION, REGRESSION = "classification", "regression"
_LABELS = 2
"""Classes that a classifier of two knows."""
_JOINT = 3
"""Numeric features from which on fewer components than features are kept: with all of them nothing can be lost."""
_METRICS = {CLASSIFICATION: ["roc_auc", "f1"], REGRESSION: ["mae", "rmse"]}


@dataclass(frozen=True)
class Columns:
    """What the columns of the tables mean; one that a table does not have is not used."""

    kind: str
    target: str
    prediction: str
    score: str
    timestamp: str
    left_out: tuple[str, ...] = ()

    def features(self, table: pd.DataFrame) -> list[str]:
        """Return everything that the model may have seen."""
        known = {self.target, self.prediction, self.score, self.timestamp, *self.left_out}
        return [name for name in table.columns if name not in known]


def results(
    reference: pd.DataFrame, current: pd.DataFrame, columns: Columns, chunks: int
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a table for each calculation that the columns allow: a row for each chunk of current data."""
    parts = max(1, min(chunks, len(reference), len(current)))
    for name, calculator in _possible(reference, current, columns, parts):
        calculator.fit(reference)
        found = calculator.estimate(current) if name == "estimated_performance" else calculator.calculate(current)
        table = found.to_df(multilevel=False)
        period = next((each for each in ("chunk_period", "period") if each in table), None)
        yield name, table if period is None else table[table[period] == "analysis"].reset_index(drop=True)


def findings(name: str, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield the numbers about the newest chunk."""
    if table.empty:
        return
    newest = table.iloc[-1]
    for column in table.columns:
        metric = column.removesuffix("_value")
        if column != metric and newest[column] == newest[column]:  # not a number is not itself
            yield Finding(name, metric, float(newest[column]), bool(newest.get(f"{metric}_alert") or False))


def _possible(
    reference: pd.DataFrame, current: pd.DataFrame, columns: Columns, chunks: int
) -> Iterator[tuple[str, Any]]:
    both = [name for name in reference.columns if name in current.columns]
    features = [name for name in columns.features(reference) if name in both]
    when = {"timestamp_column_name": columns.timestamp} if columns.timestamp in both else {}
    # What is left over belongs to the last chunk: a few rows alone would ring all the time.
    common = {"chunker": CountBasedChunker(chunks, "append", **when), **when}
    drifting = [*features, *(name for name in (columns.prediction, columns.score) if name in both)]
    if drifting:
        yield "drift", nml.UnivariateDriftCalculator(column_names=drifting, **common)
    numbers = [name for name in features if is_numeric_dtype(reference[name])]
    if len(numbers) >= _JOINT:
        yield "joint_drift", nml.DataReconstructionDriftCalculator(column_names=numbers, **common)
    if columns.target in reference and columns.prediction in both:
        yield from _performance(reference, current, columns, features, common)


def _performance(
    reference: pd.DataFrame, current: pd.DataFrame, columns: Columns, features: list[str], common: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    known = {"y_true": columns.target, "y_pred": columns.prediction, "metrics": _METRICS[columns.kind], **common}
    labelled = columns.target in current and bool(current[columns.target].notna().any())
    if columns.kind == REGRESSION:
        if features:
            yield "estimated_performance", nml.DLE(feature_column_names=features, **known)
        if labelled:
            yield "performance", nml.PerformanceCalculator(problem_type="regression", **known)
    elif columns.score in reference and columns.score in current and reference[columns.target].nunique() == _LABELS:
        known |= {"problem_type": "classification_binary", "y_pred_proba": columns.score}
        yield "estimated_performance", nml.CBPE(**known)
        if labelled:
            yield "performance", nml.PerformanceCalculator(**known)
