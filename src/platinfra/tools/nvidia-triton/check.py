"""
Prove that Triton serves the version that the registry's alias names: `check.py find MARKER`.

The example that was logged with the model is sent by the V2 protocol, over HTTP and, where its client is installed, over
gRPC too; both have to give as many predictions as the example has rows, and the same ones.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any
from urllib.parse import quote

from model_server.checking import CheckError, agree, count_rows, get_json, post_json, run, split_uri
from model_server.registry import Registry

URL, STATUS_URL, GRPC_URL = (os.environ.get(f"TRITON_{each}") or "" for each in ("URL", "STATUS_URL", "GRPC_URL"))


def find() -> str | None:
    """Compare Triton with the registry, and ask it for the model's own example; return why nothing was asked."""
    health = get_json(f"{STATUS_URL}/health")
    registry = Registry(*split_uri(health.get("uri") or health["waiting_for"]))
    version = agree(registry, f"{STATUS_URL}/health")
    if version is None:
        return f"no predictions: {registry.uri} names no version"
    example = registry.read_example(version)
    if example is None:
        return f"no predictions: version {version.version} was logged without an input example"
    ask(version.name, json.loads(example))
    return None


def ask(model: str, example: dict[str, Any]) -> None:
    """Send an example and count the answers."""
    address = f"{URL}/v2/models/{quote(model, safe='')}"
    inputs = [as_input(each, values_of(example, each["name"])) for each in get_json(address)["inputs"]]
    answer = post_json(f"{address}/infer", json.dumps({"inputs": inputs}).encode())
    outputs = {each["name"]: each for each in answer["outputs"]}
    expected = count_rows(example)
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


def over_grpc(model: str, inputs: list[dict[str, Any]], outputs: list[str]) -> dict[str, Any] | None:
    """Return the answer over gRPC; None without its client."""
    try:
        import numpy as np
        from tritonclient.grpc import InferenceServerClient, InferInput
        from tritonclient.utils import triton_to_np_dtype
    except ImportError:
        return None
    sent = []
    for each in inputs:
        sent.append(InferInput(each["name"], each["shape"], each["datatype"]))
        sent[-1].set_data_from_numpy(np.array(each["data"], dtype=triton_to_np_dtype(each["datatype"])))
    with InferenceServerClient(GRPC_URL) as client:
        result = client.infer(model, sent, client_timeout=60)
    flat = {name: result.as_numpy(name).reshape(-1).tolist() for name in outputs}
    return {name: [each.decode() if isinstance(each, bytes) else each for each in flat[name]] for name in outputs}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], find))
