"""MLServer's runtime of MLflow models, for a model that predicts in a process and an environment of its own."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.proto_json_utils import dump_input_data
from mlserver.errors import InferenceError
from mlserver_mlflow import MLflowRuntime

from model_server.passing_on import RefusedError, score

if TYPE_CHECKING:
    from mlserver.types import InferenceRequest, InferenceResponse


class Remote:
    """What the runtime takes for a model."""

    def __init__(self, port: int) -> None:
        self._port = port

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Have the scoring server predict; raise InferenceError with what it says when it does not."""
        try:
            return as_arrays(json.loads(score(self._port, dump_input_data(data, params=params)))["predictions"])
        except (RefusedError, MlflowException) as error:
            raise InferenceError(str(error)) from error


class Followed(MLflowRuntime):  # type: ignore[misc, unused-ignore]
    """The runtime; it predicts in threads, so that the server answers others meanwhile."""

    async def load(self) -> bool:
        """Read the signature of the model in `parameters.uri`, which listens on `parameters.extra.port`."""
        parameters = self.settings.parameters
        self._model = Remote(parameters.extra["port"])
        known = Model.load(parameters.uri)
        self._input_schema = known.get_input_schema()
        self._signature = known.signature if known.signature and known.signature.inputs else None
        self._sync_metadata()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a request of the V2 protocol."""
        return await asyncio.to_thread(asyncio.run, super().predict(payload))


def as_arrays(predictions: Any) -> Any:
    """Return predictions as MLServer encodes them: a table from rows, arrays by name, or an array."""
    if isinstance(predictions, dict):
        return {name: np.array(values) for name, values in predictions.items()}
    rows = predictions and isinstance(predictions[0], dict)
    return pd.DataFrame(predictions) if rows else np.array(predictions)
