"""Object stores of other clouds, as emulators on this machine: what MLflow and DVC write there, the clouds' own clients find."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.targets.local.verbs.machine import environments
from tests.environments import elsewhere, resolve_clients

from .emulators import ACCOUNT, AZURE, GOOGLE, INSTALLED, KEY, ask, azure, connection, google
from .stack import Stack

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.skipif(not INSTALLED, reason="run `make environments`"),
]
LONG = 240
"""Seconds that a command may take which starts many programs."""
# A run with an artifact, and a file that DVC pushes from a folder of its own.
WRITE = """
import os, pathlib, tempfile
import mlflow
from dvc.repo import Repo
with mlflow.start_run() as run:
    mlflow.log_text("of a run", "note.txt")
os.chdir(tempfile.mkdtemp())
pathlib.Path("data.csv").write_text("of a file")
with Repo.init(no_scm=True) as repository:
    repository.add("data.csv")
    repository.push()
print(run.info.run_id)
"""
LIST = "import mlflow\nprint([each.path for each in mlflow.artifacts.list_artifacts(run_id='{run}')])"


def stack(folder: Path, store: str, **env: str) -> Stack:
    """Return a stack that is not up yet."""
    found = Stack(folder / "stack")
    for each in ("mlflow", "dvc", "postgres", store.partition(":")[0]):
        found.catalog(each)
    found.file.write_text(elsewhere(store))
    found.env |= env
    resolve_clients(environments(), found.file.read_text())
    return found


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[tuple[Stack, str]]:
    """Return a stack with a bucket of Google's emulator, and the emulator's address."""
    with google("theirs") as url:
        store = f'gcs: {{at: "{url}", credentials: {{from-file: key.json}}, settings: {{bucket: theirs}}}}'
        found = stack(tmp_path, store)
        (found.folder / "key.json").write_text('{"private_key": "the-first-key"}')
        try:
            yield found, url
        finally:
            found.end()


@pytest.fixture
def container(tmp_path: Path) -> Iterator[tuple[Stack, str]]:
    """Return a stack with a container of Azure's emulator, and the emulator's address."""
    with azure("theirs") as url:
        settings = f"{{account: {ACCOUNT}, container: theirs}}"
        store = f'azure-blob: {{at: "{url}", credentials: {{from-env: THEIR_KEY}}, settings: {settings}}}'
        found = stack(tmp_path, store, THEIR_KEY=KEY)
        try:
            yield found, url
        finally:
            found.end()


def bring_up(found: Stack) -> None:
    """Bring a stack up, and see that nothing is left to do."""
    up = found.run("up", within=LONG)
    assert up.code == 0, up.text
    again = found.run("up")
    assert (again.code, "nothing to do" in again.text) == (0, True), again.text


def prove(found: Stack, store: str) -> None:
    """See that `check` proves both wires from both sides."""
    done = found.run("check", within=LONG)
    assert done.code == 0, done.text
    for wire in (f"mlflow → {store}", f"dvc → {store}"):
        assert f"✓ {wire}" in done.text


def code(found: Stack, text: str) -> str:
    """Run code of the project; return the last line that it prints."""
    done = found.run("run", "--", "python", "-c", text, within=LONG)
    assert done.code == 0, done.text
    return done.out.strip().splitlines()[-1]


def test_a_bucket_of_google_keeps_artifacts_and_files(bucket: tuple[Stack, str]) -> None:
    found, url = bucket
    bring_up(found)
    prove(found, "gcs")
    run = code(found, WRITE)
    look = f"{GOOGLE}\nimport json\nprint(json.dumps({{each.name: each.download_as_text() for each in store.list_blobs('theirs')}}))"
    kept = json.loads(ask(look, STORAGE_EMULATOR_HOST=url))
    note = f"mlflow/0/{run}/artifacts/note.txt"
    assert kept[note] == "of a run"
    assert "of a file" in {text for name, text in kept.items() if name.startswith("dvc/files/md5/")}
    ask(f"{GOOGLE}\nstore.bucket('theirs').blob('{note}').delete()", STORAGE_EMULATOR_HOST=url)
    assert code(found, LIST.format(run=run)) == "[]"


def test_another_key_is_written_anew_and_the_server_starts_with_it(bucket: tuple[Stack, str]) -> None:
    found, _ = bucket
    bring_up(found)
    (found.folder / "key.json").write_text('{"private_key": "the-next-key"}')
    assert "start mlflow.server" in found.run("plan").text
    bring_up(found)
    key = found.root / "components" / "gcs" / "files" / "key"
    assert json.loads(key.read_text()) == {"private_key": "the-next-key"}
    assert key.stat().st_mode & 0o077 == 0
    holding = {each.name for each in found.root.rglob("*") if each.is_file() and b"the-next-key" in each.read_bytes()}
    assert holding == {"key", "credentials.json"}
    assert found.run("down", "--delete-data", "--yes").code == 0
    assert not key.exists()


def test_a_container_of_azure_keeps_artifacts_and_files(container: tuple[Stack, str]) -> None:
    found, url = container
    bring_up(found)
    prove(found, "azure-blob")
    run = code(found, WRITE)
    theirs = f"{AZURE}\ntheirs = store.get_container_client('theirs')"
    texts = "{each: theirs.download_blob(each).readall().decode() for each in theirs.list_blob_names()}"
    look = f"{theirs}\nimport json\nprint(json.dumps({texts}))"
    kept = json.loads(ask(look, AZURE=connection(url)))
    note = f"mlflow/0/{run}/artifacts/note.txt"
    assert kept[note] == "of a run"
    assert "of a file" in {text for name, text in kept.items() if name.startswith("dvc/files/md5/")}
    ask(f"{theirs}\ntheirs.delete_blob('{note}')", AZURE=connection(url))
    assert code(found, LIST.format(run=run)) == "[]"


def test_a_wrong_key_of_azure_is_found_by_check(container: tuple[Stack, str]) -> None:
    found, _ = container
    found.env["THEIR_KEY"] = "d3Jvbmc="
    up = found.run("up", within=LONG)
    assert up.code == 0, up.text
    done = found.run("check", "dvc", within=LONG)
    assert (done.code, "✓ dvc → azure-blob" in done.text) == (1, False), done.text
