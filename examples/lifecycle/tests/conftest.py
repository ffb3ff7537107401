"""Three weeks of real flights, played once, and an MLflow of their own for tests of the steps."""

import shutil
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from flights import ingest, play, validate
from flights.settings import Folders

FIRST, DAYS = date(2013, 1, 15), 21


@pytest.fixture(scope="session")
def _played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folders = Folders(tmp_path_factory.mktemp("played"))
    play.play(folders, FIRST, DAYS)
    return folders.root


@pytest.fixture
def folders(_played: Path, tmp_path: Path) -> Folders:
    """Return folders whose inbox holds three weeks."""
    return Folders(Path(shutil.copytree(_played, tmp_path / "workspace")))


@pytest.fixture
def flights(folders: Folders) -> pd.DataFrame:
    """Return the labelled flights of these weeks."""
    validate.validate(ingest.ingest(folders), folders)
    return ingest.gather(folders, 63)


@pytest.fixture
def tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mlflow.MlflowClient:
    """Let MLflow keep everything in the test's folder."""
    for name in ("DVC_SYSTEM_CONFIG_DIR", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tests")
    return mlflow.MlflowClient()
