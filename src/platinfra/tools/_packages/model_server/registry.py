"""What the model registry says an alias names, through MLflow's own client."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import mlflow.artifacts
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from model_server.versions import ModelVersion, RegistryUnreachableError

# MLflow asks again for minutes by default; the follower asks again by itself.
CLIENT_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
EXAMPLE = "serving_input_example.json"
ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}  # no such model; no such alias


class Registry:
    """One alias of one registered model."""

    def __init__(self, model: str, alias: str) -> None:
        for name, value in CLIENT_DEFAULTS.items():
            os.environ.setdefault(name, value)
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # it would warn at every look while the registry is away
        self.model = model
        self.alias = alias
        self._client = MlflowClient()

    @property
    def uri(self) -> str:
        """Name the alias the way MLflow does."""
        return f"models:/{self.model}@{self.alias}"

    def find(self) -> ModelVersion | None:
        """Ask which version the alias names; None if there is no such model or alias."""
        try:
            found = self._client.get_model_version_by_alias(self.model, self.alias)
        except MlflowException as error:
            if error.error_code in ABSENT:
                return None
            raise RegistryUnreachableError(_first_line(error)) from error
        except Exception as error:
            raise RegistryUnreachableError(_first_line(error)) from error
        return ModelVersion(found.name, str(found.version), found.run_id or "", int(found.creation_timestamp or 0))

    def download(self, version: ModelVersion, folder: Path) -> None:
        """Copy the files of a version into a folder."""
        mlflow.artifacts.download_artifacts(artifact_uri=_artifact(version), dst_path=str(folder))

    def read_example(self, version: ModelVersion) -> bytes | None:
        """Fetch the example request that MLflow keeps with a model that was logged with an input example."""
        listed = mlflow.artifacts.list_artifacts(_artifact(version)) or ()
        if EXAMPLE not in {Path(file.path).name for file in listed}:
            return None
        with tempfile.TemporaryDirectory() as folder:
            uri = f"{_artifact(version)}/{EXAMPLE}"
            return Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder)).read_bytes()


def _artifact(version: ModelVersion) -> str:
    return f"models:/{version.name}/{version.version}"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
