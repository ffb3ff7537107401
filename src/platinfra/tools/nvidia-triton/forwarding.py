"""
Runs in Triton's Python backend: every request goes to MLflow's scoring server of the model, and its answer comes back.

That server has the model's own packages, and this has none but numpy. `bodies.py` lies beside this.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

import numpy as np
import triton_python_backend_utils as triton
from bodies import by_output, request_body

ANSWER_SECONDS = 75  # MLflow's scoring server gives up after 60 s by itself
NUMPY = {
    "BOOL": "bool", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64", "INT8": "int8",
    "INT16": "int16", "INT32": "int32", "INT64": "int64", "FP16": "float16", "FP32": "float32", "FP64": "float64",
}  # fmt: skip


class TritonPythonModel:
    """What Triton makes of a version."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read what the configuration says of the version."""
        told = json.loads(args["model_config"])["parameters"]["mlflow"]["string_value"]
        self._known = json.loads(told)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer several requests, one after the other."""
        return [self._answer(each) for each in requests]

    def _answer(self, request: Any) -> Any:
        try:
            inputs = {name: plain(array) for name, array in self._arrays(request)}
            return triton.InferenceResponse(self._outputs(self._score(request_body(inputs, self._known))))
        except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException) as error:
            return triton.InferenceResponse([], triton.TritonError(f"{type(error).__name__}: {error}"))

    def _arrays(self, request: Any) -> Any:
        for each in self._known["inputs"]:
            tensor = triton.get_input_tensor_by_name(request, each["name"])
            if tensor is not None:  # it may be optional
                yield each["name"], tensor.as_numpy()

    def _score(self, body: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._known["port"], timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", "/invocations", json.dumps(body), {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise ValueError(f"the model answers {answer.status}: {text[:2000]}")
        return json.loads(text)["predictions"]

    def _outputs(self, predictions: Any) -> list[Any]:
        known = self._known["outputs"]
        values = by_output(predictions, [each["name"] for each in known])
        return [triton.Tensor(each["name"], to_array(values[each["name"]], each["type"])) for each in known]


def to_array(values: Any, kind: str) -> Any:
    """Return values as an array of Triton's type; texts are bytes."""
    if kind != "BYTES":
        return np.array(values, NUMPY[kind])
    array = np.array(values, object)
    return np.array([str(each).encode() for each in array.reshape(-1)], object).reshape(array.shape)


def plain(array: Any) -> Any:
    """Return an array as JSON has it."""
    return texts(array.tolist()) if array.dtype == object else array.tolist()


def texts(value: Any) -> Any:
    """Return nested lists of bytes as texts."""
    return (
        [texts(each) for each in value]
        if isinstance(value, list)
        else value.decode()
        if isinstance(value, bytes)
        else value
    )
