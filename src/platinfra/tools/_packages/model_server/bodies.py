"""Requests and answers of MLflow's scoring protocol, from inputs and as outputs by name; Python alone imports this."""

from __future__ import annotations

from typing import Any


def request_body(inputs: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return inputs as a request to MLflow's scoring server: a table, one tensor, or tensors by name."""
    if not known["columns"]:
        single = [*inputs] == ["inputs"]
        return {"inputs": inputs["inputs"] if single else inputs}
    lengths = {name: len(each) for name, each in inputs.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns have different lengths: {lengths}")
    return {"dataframe_split": {"columns": [*inputs], "data": [list(row) for row in zip(*inputs.values())]}}  # noqa: B905


def by_output(predictions: Any, names: list[str]) -> dict[str, Any]:
    """Return predictions by the name of an output: from rows, from tensors by name, or the only ones."""
    if isinstance(predictions, dict):
        return predictions
    if predictions and isinstance(predictions[0], dict):
        known = names if names[0] in predictions[0] else [*predictions[0]]
        return {name: [row[key] for row in predictions] for name, key in zip(names, known)}  # noqa: B905
    return {names[0]: predictions}
