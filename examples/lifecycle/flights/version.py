"""Version: what a model is made of, so that anybody can find it again: data, code and packages."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flights.settings import PROJECT, Folders


@dataclass(frozen=True)
class DataVersion:
    """A table of flights under the hash of its content, with its first and last day, and DVC's hash where there is DVC."""

    digest: str
    file: Path
    rows: int
    first: str
    last: str
    dvc: str = ""


def version(table: pd.DataFrame, folders: Folders) -> DataVersion:
    """Keep a table under the hash of its content, and push it with DVC where the stack has it."""
    digest = content_hash(table)
    file = folders.versions / f"flights-{digest}.parquet"
    if not file.exists():
        table.to_parquet(file, index=False)
    first, last = (f"{each:%Y-%m-%d}" for each in (table["date"].min(), table["date"].max()))
    return DataVersion(
        digest, file, len(table), first, last, push(file) if "DVC_SYSTEM_CONFIG_DIR" in os.environ else ""
    )


def content_hash(table: pd.DataFrame) -> str:
    """Return a hash of columns and values: the same in every run, whatever wrote the file."""
    found = hashlib.sha256("\n".join(f"{name} {kind}" for name, kind in table.dtypes.items()).encode())
    found.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return found.hexdigest()[:16]


def push(file: Path) -> str:
    """Add a file to DVC and push it to the stack's object store; return DVC's hash."""
    from dvc.repo import Repo

    root = str(file.parent)
    with Repo(root) if (file.parent / ".dvc").exists() else Repo.init(root, no_scm=True) as repository:
        (stage,) = repository.add(str(file))
        repository.push([f"{file}.dvc"])
    return str(stage.outs[0].hash_info.value)


def code_version() -> str:
    """Return Git's commit, or a hash of the code where there is no commit of just this code."""
    git = ("git", "-C", str(PROJECT))
    try:
        changed = subprocess.run([*git, "status", "--porcelain", "--", "flights"], capture_output=True, check=True)
        head = subprocess.run([*git, "log", "-1", "--format=%H", "--", "flights"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return code_hash()
    return head.stdout.decode().strip() if head.stdout and not changed.stdout else code_hash()


def code_hash() -> str:
    """Return a hash of the modules of this package."""
    found = hashlib.sha256()
    for each in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(each.name.encode() + b"\0" + each.read_bytes())
    return f"sha256:{found.hexdigest()[:16]}"


def environment_hash() -> str:
    """Return the hash of the lock that names every package."""
    return f"sha256:{hashlib.sha256((PROJECT / 'requirements.lock.txt').read_bytes()).hexdigest()[:16]}"


def tags(data: DataVersion) -> dict[str, str]:
    """Return what a run and a version of the model carry."""
    made = {"data": data.digest, "code": code_version(), "environment": environment_hash()}
    return made | ({"dvc": data.dvc} if data.dvc else {})
