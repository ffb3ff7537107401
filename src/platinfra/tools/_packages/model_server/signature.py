"""What goes into a model and comes out of it, as MLflow's signature says it and the V2 protocol has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from model_server.processes import StartError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PREDICTIONS, INPUTS = "predictions", "inputs"
"""The names of an output and an input that the signature gives none."""
_COLUMNS = {
    "boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64", "string": "BYTES",
    "datetime": "BYTES",
}  # fmt: skip
_TENSORS = {
    "bool": "BOOL", "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64", "int8": "INT8",
    "int16": "INT16", "int32": "INT32", "int64": "INT64", "float16": "FP16", "float32": "FP32", "float64": "FP64",
    "str": "BYTES", "object": "BYTES",
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """An input or an output: its name, the protocol's type, its shape with -1 for any length."""

    name: str
    type: str
    dims: tuple[int, ...]
    optional: bool = False


@dataclass(frozen=True)
class Interface:
    """All inputs and outputs; `columns` when the inputs are those of a table, each a list with an entry for a row."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    columns: bool


def read_interface(model: Path) -> Interface:
    """Read the signature in a model's files; raise StartError when it does not say enough for the protocol."""
    known = yaml.safe_load((model / "MLmodel").read_text()) or {}
    signature = known.get("signature") or {}
    inputs, outputs = (json.loads(signature.get(each) or "[]") for each in ("inputs", "outputs"))
    if not inputs or not outputs:
        missing = "inputs" if not inputs else "outputs"
        message = f"it was logged without a signature of its {missing}, which the V2 protocol needs: log it with one"
        raise StartError(message)
    columns = not any(_is_tensor(each) for each in inputs)
    if columns and any("name" not in each for each in inputs):
        raise StartError("the columns of its signature have no names, by which clients of the V2 protocol send them")
    return Interface(_tensors(inputs, INPUTS), _tensors(outputs, PREDICTIONS), columns)


def _tensors(entries: Sequence[Mapping[str, Any]], unnamed: str) -> tuple[Tensor, ...]:
    found = tuple(_tensor(each, str(each.get("name", unnamed))) for each in entries)
    if len({each.name for each in found}) < len(found):
        raise StartError(f"several {unnamed} of its signature have the same name, or none")
    return found


def _tensor(entry: Mapping[str, Any], name: str) -> Tensor:
    if _is_tensor(entry):
        spec = entry["tensor-spec"]
        kind, dims, known = spec["dtype"], tuple(spec["shape"]), _TENSORS
    else:
        kind, dims, known = entry["type"], (-1,), _COLUMNS
    if kind not in known:
        raise StartError(f"the V2 protocol has no type for `{name}` of its signature, which is {kind}")
    return Tensor(name, known[kind], dims, optional=entry.get("required") is False)


def _is_tensor(entry: Mapping[str, Any]) -> bool:
    return "tensor-spec" in entry
