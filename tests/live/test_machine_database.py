"""Postgres on the machine of `cloud_vm`: backed up into the stack's bucket by the role of its wire, and restored from there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.moto_server import moto
from tests.targets.aws.stacks import ACCOUNT, root_of

from .stack import Stack, environment
from .test_cloud_services import BUCKET, SQL, Machine

pytestmark = [pytest.mark.live, pytest.mark.slow]
TEXT = f"""
name: small-team
provider: {{name: aws, account-id: "{ACCOUNT}", region: eu-central-1}}
deployment: {{type: cloud_vm}}
stack:
  experiment_tracker: [mlflow]
  sql_database: [postgres]
"""


def passwords() -> dict[str, Any]:
    """Return the secrets that Terraform makes."""
    calls = [each for each in root_of(TEXT).modules.values() if each["source"] == "./modules/secret"]
    return {each["name"]: dict.fromkeys(each["generated"], password_of(each["name"])) for each in calls}


def password_of(name: str) -> str:
    """Return the password or key that a secret holds; Secrets Manager makes them without punctuation."""
    return f"Of{name.replace('/', '')}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine") / "small-team"
    with moto(ACCOUNT) as url:
        made = Machine(folder, url, Stack(folder.parent / "none"), TEXT, passwords())
        try:
            up = made.long("up", "--yes")
            assert up.code == 0, up.text
            yield made
        finally:
            made.end()


def ask(cloud: Machine, user: str, database: str, *statements: str, code: int = 0) -> str:
    password = password_of(f"small-team/{user}/{'admin' if user == 'postgres' else 'backend'}")
    dsn = f"host=127.0.0.1 port={cloud.port('postgres')} user={user} password={password} dbname={database}"
    command = [environment("postgres") / "bin" / "python", "-c", SQL, *statements]
    env = {**os.environ, "DSN": dsn}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert bool(done.returncode) == bool(code), done.stderr
    return done.stdout.strip() if not code else done.stderr


def backup(cloud: Machine) -> str:
    """Make a backup and return its time."""
    ended = cloud.long("run", "--as", "postgres", "--", "backup")
    assert ended.code == 0, ended.text
    assert "1 databases" in ended.out
    return ended.out.partition(":")[0]


@pytest.mark.finding("A18")
def test_a_database_comes_back_as_it_was_with_its_owner_and_its_doors(cloud: Machine) -> None:
    ask(cloud, "mlflow", "mlflow", "CREATE TABLE kept (value text)", "INSERT INTO kept VALUES ('before')")
    time = backup(cloud)
    assert sorted(each for each in cloud.objects() if each.startswith("postgres/")) == [
        f"postgres/{time}/manifest.json",
        f"postgres/{time}/mlflow.dump",
    ]
    ask(cloud, "mlflow", "mlflow", "UPDATE kept SET value = 'after'", "DROP TABLE runs CASCADE")
    ended = cloud.long("run", "--as", "postgres", "--", "restore")
    assert ended.code == 0, ended.text
    assert f"mlflow: restored from {time}; what it was stays as mlflow_before_" in ended.out
    assert ask(cloud, "mlflow", "mlflow", "SELECT value FROM kept") == "before"
    assert ask(cloud, "mlflow", "mlflow", "SELECT count(*) FROM runs") == "0"
    kept = ended.out.split()[-1]
    assert "not currently accepting connections" in ask(cloud, "mlflow", kept, "SELECT 1", code=1)
    doors = "SELECT has_database_privilege('public', 'mlflow', 'CONNECT')::text"
    assert ask(cloud, "postgres", "postgres", doors) == "false"
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"
    assert ask(cloud, "mlflow", "mlflow", owner) == "mlflow"
    checked = cloud.long("check", "mlflow")
    assert checked.code == 0, checked.text


@pytest.mark.finding("A18")
def test_what_is_not_complete_is_no_backup(cloud: Machine) -> None:
    time = backup(cloud)
    later = "postgres/20990101T000000Z/mlflow.dump"
    cloud.owner(lambda: cloud.cloud["s3"].put_object(Bucket=BUCKET, Key=later, Body=b"half"))
    listed = cloud.run("run", "--as", "postgres", "--", "backups")
    assert listed.out.split()[-1] == time
    refused = cloud.run("run", "--as", "postgres", "--", "restore", "20990101T000000Z")
    assert refused.code == 1
    assert "there is no complete backup `20990101T000000Z`" in refused.err


@pytest.mark.finding("A18")
def test_a_backup_that_is_damaged_changes_nothing(cloud: Machine) -> None:
    time = backup(cloud)
    key = f"postgres/{time}/mlflow.dump"
    stored = cloud.owner(lambda: cloud.cloud["s3"].get_object(Bucket=BUCKET, Key=key))
    half = stored["Body"].read(stored["ContentLength"] // 2)
    cloud.owner(lambda: cloud.cloud["s3"].put_object(Bucket=BUCKET, Key=key, Body=half))
    refused = cloud.long("run", "--as", "postgres", "--", "restore", time, "mlflow")
    assert refused.code == 1
    assert "the database is as it was" in refused.err
    names = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE '%restoring%'"
    assert ask(cloud, "postgres", "postgres", names) == "None"
    assert ask(cloud, "mlflow", "mlflow", "SELECT value FROM kept") == "before"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restore", "yesterday"], "restore [TIME [DATABASE …]]"),
        (["restore", "20200101T000000Z"], "there is no complete backup"),
        (["backup", "now"], "restore [TIME [DATABASE …]]"),
    ],
)
@pytest.mark.finding("A18")
def test_words_that_mean_nothing_are_refused(cloud: Machine, words: list[str], said: str) -> None:
    ended = cloud.run("run", "--as", "postgres", "--", *words)
    assert ended.code == 1
    assert said in ended.err


@pytest.mark.finding("A18")
def test_a_disk_that_is_lost_is_filled_again(cloud: Machine) -> None:
    backup(cloud)
    cloud.down()
    shutil.rmtree(cloud.root / "components" / "postgres")
    up = cloud.long("up", "--yes")
    assert up.code == 0, up.text
    assert "does not exist" in ask(cloud, "mlflow", "mlflow", "SELECT value FROM kept", code=1)
    ended = cloud.long("run", "--as", "postgres", "--", "restore")
    assert ended.code == 0, ended.text
    assert ask(cloud, "mlflow", "mlflow", "SELECT value FROM kept") == "before"
