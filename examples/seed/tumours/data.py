"""The data: versioned with DVC, kept in the stack's object store."""

import logging
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import yaml
from dvc.repo import Repo
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

WORKSPACE = Path(__file__).parent.parent / "workspace"
TARGET = "benign"
logging.getLogger("dvc").setLevel(logging.WARNING)


def publish() -> Path:
    """Version the data set and push it; return the small `.dvc` file that names this very version."""
    WORKSPACE.mkdir(exist_ok=True)
    table = WORKSPACE / "tumours.csv"
    measured = load_breast_cancer(as_frame=True).frame.rename(columns={"target": TARGET})
    measured.rename(columns=lambda name: name.replace(" ", "_")).to_csv(table, index=False)
    known = (WORKSPACE / ".dvc").exists()
    with Repo(str(WORKSPACE)) if known else Repo.init(str(WORKSPACE), no_scm=True) as repository:
        repository.add(str(table))
        repository.push()
    return WORKSPACE / "tumours.csv.dvc"


def pull(pointer: Path) -> pd.DataFrame:
    """Fetch the version that a `.dvc` file names, from the stack's object store alone."""
    with TemporaryDirectory() as folder, Repo.init(folder, no_scm=True) as repository:
        target = shutil.copy(pointer, folder)
        repository.pull([target])
        return pd.read_csv(Path(folder) / pointer.stem)


def version_of(pointer: Path) -> str:
    """Return the content hash that a `.dvc` file holds."""
    return str(yaml.safe_load(pointer.read_text())["outs"][0]["md5"])


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split into rows to train with and rows held out, always the same ones."""
    train, held_out = train_test_split(table, test_size=0.4, random_state=7, stratify=table[TARGET])
    return train, held_out


def inputs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns a model sees."""
    return table.drop(columns=TARGET)


def from_another_device(rows: pd.DataFrame, seed: int = 7) -> pd.DataFrame:
    """Return patients as a device measures them whose radii and areas come out too large."""
    chosen = rows.sample(len(rows), replace=True, random_state=np.random.RandomState(seed)).reset_index(drop=True)
    enlarged = [name for name in chosen.columns if "radius" in name or "area" in name or "perimeter" in name]
    return chosen.assign(**{name: chosen[name] * 1.5 for name in enlarged})
