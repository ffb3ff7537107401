"""KServe's model server: `serve.py HOST PORT MODEL FILE`; the file says what is served now."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from pathlib import Path
from typing import Any

import kserve.model_server
import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.errors import InferenceError, InvalidInput, ModelNotReady
from kserve.protocol.rest.server import RESTServer

from model_server.bodies import by_output, request_body
from model_server.passing_on import RefusedError, read_present, score
from model_server.processes import StartError
from model_server.signature import Interface, Tensor, read_interface

HTTP_ERRORS = {400, 422}
"""What a model answers to what it cannot take."""


class Present(Model):  # type: ignore[misc, unused-ignore]
    """The version that is served: its own process has its packages, and this passes on what is asked."""

    def __init__(self, name: str, file: Path) -> None:
        """Know the file that says what is served."""
        super().__init__(name)
        self._file = file
        self.ready = True  # KServe does not start without a model that is

    async def healthy(self) -> bool:
        """Tell whether there is a version."""
        return self._file.exists()

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return what the signature of the version says of its inputs."""
        return [described(each) for each in self._interface(self._read()).inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return what the signature of the version says of its outputs."""
        return [described(each) for each in self._interface(self._read()).outputs]

    async def predict(self, payload: Any, headers: dict[str, str] | None = None) -> Any:
        """Answer a request of the protocol V2, or of V1: MLflow's scoring protocol takes `instances` as V1 has them."""
        present = self._read()
        if not isinstance(payload, InferRequest):
            return await self._score(present, payload)
        interface = self._interface(present)
        inputs = {each.name: as_list(each) for each in payload.inputs}
        try:
            body = request_body(inputs, {"columns": interface.columns})
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        answer = await self._score(present, body)
        found = by_output(answer["predictions"], [each.name for each in interface.outputs])
        outputs = [as_output(each, found[each.name]) for each in interface.outputs]
        return InferResponse(payload.id or str(uuid.uuid4()), self.name, outputs, present["version"])

    async def _score(self, present: dict[str, Any], body: Any) -> Any:
        try:
            return json.loads(await asyncio.to_thread(score, present["port"], json.dumps(body)))
        except RefusedError as error:
            if error.status in HTTP_ERRORS:
                raise InvalidInput(str(error)) from error
            raise InferenceError(str(error)) from error

    def _read(self) -> dict[str, Any]:
        try:
            return read_present(self._file)
        except RefusedError as error:
            raise ModelNotReady(self.name, str(error)) from error

    def _interface(self, present: dict[str, Any]) -> Interface:
        try:
            return read_interface(Path(present["folder"]))
        except StartError as error:
            raise InvalidInput(f"version {present['version']} cannot be asked by V2: {error}") from error


class OneAddress(RESTServer):  # type: ignore[misc, unused-ignore]
    """KServe's server on the address it is told; by itself it listens on all of them."""

    host = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Know what KServe says."""
        super().__init__(*arguments, **options)
        self.config.host = self.host


def described(tensor: Tensor) -> dict[str, Any]:
    """Return a tensor as the metadata of the protocol has it."""
    return {"name": tensor.name, "datatype": tensor.type, "shape": list(tensor.dims)}


def as_list(given: Any) -> Any:
    """Return an input as JSON has it, in its shape; a column of one value a row is a list."""
    array = given.as_numpy()
    flat = array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array
    return np.vectorize(as_text, otypes=[object])(flat).tolist() if flat.dtype == object else flat.tolist()


def as_text(value: Any) -> Any:
    """Return bytes as a text."""
    return value.decode() if isinstance(value, bytes) else value


def as_output(tensor: Tensor, values: Any) -> Any:
    """Return predictions as an output."""
    array = np.array(values)
    return InferOutput(tensor.name, list(array.shape), tensor.type, array.reshape(-1).tolist())


if __name__ == "__main__":
    OneAddress.host, port, model, file = sys.argv[1:]
    kserve.model_server.RESTServer = OneAddress
    server = ModelServer(http_port=int(port), enable_grpc=False, enable_latency_logging=False, grace_period=10)
    server.start([Present(model, Path(file))])
