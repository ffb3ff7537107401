"""
The check of a model server that speaks the Open Inference Protocol (V2).

The example that was logged with the model is sent over HTTP and, where there is a client, over gRPC too; both have to give
as many predictions as the example has rows, and the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from model_server.checking import CheckError, agree, count_rows, get_json, post_json, split_uri
from model_server.registry import Registry

Grpc = Callable[[str, Sequence[dict[str, Any]], Sequence[str]], dict[str, Any] | None]
"""Returns what a model answers over gRPC to inputs, by the names of its outputs; None without a client."""


def find(url: str, status_url: str, over_grpc: Grpc) -> str | None:
    """Compare a server with the registry, and ask it for the model's own example; return why nothing was asked."""
    health = get_json(f"{status_url}/health")
    registry = Registry(*split_uri(health.get("uri") or health["waiting_for"]))
    version = agree(registry, f"{status_url}/health")
    if version is None:
        return f"no predictions: {registry.uri} names no version"
    example = registry.read_example(version)
    if example is None:
        return f"no predictions: version {version.version} was logged without an input example"
    address = f"{url}/v2/models/{quote(version.name, safe='')}"
    known = get_json(address).get("inputs")
    if not known:
        return f"no predictions: version {version.version} was logged without a signature, which names its inputs"
    request = json.loads(example)
    inputs = [as_input(each, values_of(request, each["name"])) for each in known]
    ask(address, version.name, inputs, count_rows(request), over_grpc)
    return None


def ask(address: str, model: str, inputs: Sequence[dict[str, Any]], expected: int | None, over_grpc: Grpc) -> None:
    """Send inputs and count the answers."""
    answer = post_json(f"{address}/infer", json.dumps({"inputs": inputs}).encode())
    outputs = {each["name"]: each for each in answer["outputs"]}
    for name, each in outputs.items():
        if expected is not None and each["shape"][0] != expected:
            raise CheckError(f"{expected} example rows gave {each['shape'][0]} answers of `{name}`")
    told = over_grpc(model, inputs, [*outputs])
    if told is not None and told != {name: each["data"] for name, each in outputs.items()}:
        raise CheckError(f"HTTP gave {outputs}, but gRPC {told}")


def values_of(example: dict[str, Any], name: str) -> Any:
    """Return the values of an input in a request to MLflow's scoring server."""
    if table := example.get("dataframe_split"):
        return [row[table["columns"].index(name)] for row in table["data"]]
    if records := example.get("dataframe_records"):
        return [each[name] for each in records]
    inputs = example.get("inputs", example.get("instances"))
    return inputs[name] if isinstance(inputs, dict) else inputs


def as_input(known: dict[str, Any], values: Any) -> dict[str, Any]:
    """Return values as the V2 protocol has them."""
    shape, inner = [], values
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    return {"name": known["name"], "datatype": known["datatype"], "shape": shape, "data": values}
