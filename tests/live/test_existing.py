"""A stack whose tracker, database and object store are there already: others run them, and want to see credentials."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from platinfra.targets.local.verbs.machine import environments
from tests.environments import resolve_clients
from tests.moto_server import REGION, moto

from .gate import gate
from .stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.slow]
LONG = 240
"""Seconds that a command may take which starts many programs."""
TOKEN, NEXT = "a-token-of-theirs", "the-next-token"
OURS = """\
name: ours
stack:
  experiment_tracker:
    - mlflow: {{at: "{tracker}", credentials: {{from-env: THEIR_TOKEN}}}}
  pipelining: [prefect]
"""
STORED = """\
name: stored
stack:
  experiment_tracker: [mlflow]
  data_versioning: [dvc]
  sql_database:
    - postgres: {{at: "postgresql://127.0.0.1:{database}", credentials: {{username: {{from-env: THEIR_ADMIN}}, password: {{from-file: password.txt}}}}}}
  object_store:
    - s3: {{at: "{store}", credentials: {{access-key: {{from-env: THEIR_KEY}}, secret-key: {{from-env: THEIR_SECRET}}}}, settings: {{bucket: theirs, region: {region}}}}}
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a stack of somebody else, with a tracker and a database."""
    made = Stack(tmp_path_factory.mktemp("theirs") / "stack")
    made.catalog("mlflow").catalog("postgres")
    made.file.write_text("name: theirs\nstack:\n  experiment_tracker: [mlflow]\n")
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def tokens() -> set[str]:
    return {TOKEN}


@pytest.fixture(scope="module")
def tracker(theirs: Stack, tokens: set[str]) -> Iterator[str]:
    with gate(theirs.port("mlflow"), tokens) as url:
        yield url


@pytest.fixture(scope="module")
def ours(tracker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a stack that is not up yet."""
    made = Stack(tmp_path_factory.mktemp("ours") / "stack").catalog("mlflow").catalog("prefect")
    made.file.write_text(OURS.format(tracker=tracker))
    resolve_clients(environments(), made.file.read_text())
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def stored(theirs: Stack, tmp_path: Path) -> Iterator[Stack]:
    """Return a stack with a database and an object store of others, which is not up yet."""
    made = Stack(tmp_path / "stack")
    for each in ("mlflow", "dvc", "postgres", "s3"):
        made.catalog(each)
    with moto() as store:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": REGION}
        boto3.client("s3", endpoint_url=store, **keys).create_bucket(
            Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        made.file.write_text(STORED.format(database=theirs.ports()["postgres.sql"], store=store, region=REGION))
        resolve_clients(environments(), made.file.read_text())
        secrets = json.loads((theirs.root / "secrets.json").read_text())
        (made.folder / "password.txt").write_text(secrets["postgres"]["admin"] + "\n")
        made.env |= {"THEIR_ADMIN": "postgres", "THEIR_KEY": "a", "THEIR_SECRET": "b"}
        try:
            yield made
        finally:
            made.end()


def runs_of(theirs: Stack) -> list[str]:
    """Return the names of the runs that their tracker has, asked behind the gate."""
    url = f"http://127.0.0.1:{theirs.port('mlflow')}/api/2.0/mlflow"
    with urllib.request.urlopen(f"{url}/experiments/get-by-name?experiment_name=platinfra-check") as found:
        number = json.load(found)["experiment"]["experiment_id"]
    asked = urllib.request.Request(
        f"{url}/runs/search", json.dumps({"experiment_ids": [number]}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked) as found:
        return [each["info"]["run_name"] for each in json.load(found).get("runs", [])]


def test_without_credentials_or_with_wrong_ones_nothing_is_touched(ours: Stack) -> None:
    missing = ours.run("up")
    assert (missing.code, "`THEIR_TOKEN` is not set" in missing.err) == (2, True), missing.text
    ours.env["THEIR_TOKEN"] = "expired"
    refused = ours.run("up")
    assert (refused.code, "refuses the credentials (401)" in refused.err) == (2, True), refused.text
    assert not ours.root.exists()


def test_every_wire_is_proved_with_what_is_elsewhere(ours: Stack, theirs: Stack) -> None:
    ours.env["THEIR_TOKEN"] = TOKEN
    up = ours.run("up", within=LONG)
    assert up.code == 0, up.text
    ours.env.pop("THEIR_TOKEN")  # another shell has none
    done = ours.run("check", within=LONG)
    assert done.code == 0, done.text
    assert "✓ prefect → mlflow" in done.text
    assert any(each.startswith("check") for each in runs_of(theirs))
    again = ours.run("up")
    assert (again.code, "nothing to do" in again.text) == (0, True), again.text


def test_secrets_of_theirs_are_where_they_are_needed_and_nowhere_else(ours: Stack) -> None:
    assert ours.root.exists()
    holding = {
        each.relative_to(ours.root).as_posix()
        for each in ours.root.rglob("*")
        if each.is_file() and not each.is_symlink() and TOKEN.encode() in each.read_bytes()
    }
    assert holding <= {"credentials.json", "client/env.json", "run/prefect.server.json", "run/prefect.worker.json"}
    assert all((ours.root / each).stat().st_mode & 0o077 == 0 for each in holding)
    for command in ("plan", "status", "permissions"):
        assert TOKEN not in ours.run(command).text


def test_another_token_reaches_code_and_processes_once_it_is_given(ours: Stack, tokens: set[str]) -> None:
    tokens.clear()
    tokens.add(NEXT)
    failed = ours.run("check", "mlflow", within=LONG)
    assert failed.code != 0, failed.text
    assert ours.run("up").code == 2
    ours.env["THEIR_TOKEN"] = NEXT
    planned = ours.run("plan")
    assert "start prefect.worker" in planned.text, planned.text
    up = ours.run("up", within=LONG)
    assert up.code == 0, up.text
    ours.env.pop("THEIR_TOKEN")
    done = ours.run("check", within=LONG)
    assert done.code == 0, done.text


def test_what_is_elsewhere_stays_when_the_stack_is_deleted(ours: Stack, theirs: Stack) -> None:
    before = runs_of(theirs)
    down = ours.run("down", "--delete-data", "--yes", within=LONG)
    assert down.code == 0, down.text
    assert not (ours.root / "credentials.json").exists()
    assert runs_of(theirs) == before
    theirs.assert_healthy()


def test_health_says_that_a_server_of_others_is_gone(tmp_path: Path) -> None:
    made = Stack(tmp_path / "stack")
    made.file.write_text('name: gone\nstack:\n  experiment_tracker: [mlflow: {at: "http://127.0.0.1:1"}]\n')
    up = made.run("up")
    assert (up.code, "does not answer" in up.err) == (2, True), up.text
    assert not made.root.exists()


def test_databases_and_buckets_of_others_keep_what_is_written_here(stored: Stack) -> None:
    up = stored.run("up", within=LONG)
    assert up.code == 0, up.text
    stored.env.clear()
    done = stored.run("check", within=LONG)
    assert done.code == 0, done.text
    for wire in ("mlflow → postgres", "mlflow → s3", "dvc → s3"):
        assert f"✓ {wire}" in done.text
    assert "what the credentials may do there" in stored.run("permissions").out
    again = stored.run("up")
    assert (again.code, "nothing to do" in again.text) == (0, True), again.text
