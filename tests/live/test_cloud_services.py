"""The stack of `cloud_vm`'s machine, brought up here: Postgres stands in for RDS, moto for S3 and Secrets Manager."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from platinfra.model.reference import Reference
from platinfra.targets.aws import machine
from tests.moto_server import REGION, moto, surroundings
from tests.targets.aws.stacks import text_of, values_of

from .stack import Ended, Stack, ended, environment

pytestmark = pytest.mark.live
BUCKET = "small-team-s3-210987654321"
PASSWORDS = {
    "small-team/mlflow/backend": {"password": "PasswordOfMlflow1"},
    "small-team/mlflow/webhooks": {"value": "KeyOfWebhooks1"},
    "rds!db-1": {"username": "master", "password": "PasswordOfMaster1"},
}
SQL = """
import os, sys, psycopg
with psycopg.connect(os.environ["DSN"], autocommit=True, connect_timeout=10) as connection:
    for statement in sys.argv[1:]:
        found = connection.execute(statement)
    print(found.fetchone()[0] if found.description else "")
"""


class Machine(Stack):
    """The machine with the services that it reaches."""

    def __init__(self, folder: Path, url: str, server: Stack) -> None:
        """Make the services look as Terraform leaves them."""
        super().__init__(folder)
        self.server = server
        self.env |= {name: text for name, text in surroundings(url).items() if "KEY" not in name}
        self.env["AWS_SHARED_CREDENTIALS_FILE"] = str(folder / "credentials")
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        (folder / "credentials").write_text("\n".join(["[default]", *(f"{key} = {each}" for key, each in keys.items())]))
        session = boto3.Session(**keys, region_name=REGION)
        self.s3 = session.client("s3", endpoint_url=url)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        store = session.client("secretsmanager", endpoint_url=url)
        arns = {name: store.create_secret(Name=name, SecretString=json.dumps(each))["ARN"] for name, each in PASSWORDS.items()}
        self.file.write_text(json.dumps(self.released(arns["rds!db-1"])))

    def released(self, admin: str) -> Any:
        """Return the stack file of the case, its holes filled as Terraform does, and TLS left to the server."""
        outputs = {"name": BUCKET, "host": "127.0.0.1", "master_secret_arn": admin}
        text = machine.stack_file(values_of(text_of("cloud-vm")))
        data = json.loads("".join(outputs[each.path[-1]] if isinstance(each, Reference) else str(each) for each in text))
        settings = data["stack"]["sql_database"][0]["rds"]["settings"]
        settings |= {"port": self.server.port("postgres"), "tls": "prefer"}
        return data

    def objects(self) -> list[str]:
        """Return the names of everything in the bucket."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def long(self, *arguments: str) -> Ended:
        """Run a command that takes its time."""
        child = self.command(*arguments)
        child.wait(240)
        return ended(child)


def ask(server: Stack, database: str, *statements: str) -> str:
    """Run statements as the superuser and return the last answer."""
    admin = server.read("secrets.json")["postgres"]["admin"]
    dsn = f"host=127.0.0.1 port={server.port('postgres')} user=postgres password={admin} dbname={database}"
    python = environment("postgres") / "bin" / "python"
    command = [python, "-c", SQL, *statements]
    done = subprocess.run(command, env={**os.environ, "DSN": dsn}, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    server = Stack(tmp_path_factory.mktemp("rds") / "server")
    server.catalog("postgres")
    server.file.write_text('{name: rds, provider: {name: local}, stack: {sql_database: [postgres]}}')
    try:
        assert server.run("up").code == 0
        ask(server, "postgres", "CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD 'PasswordOfMaster1'")
        ask(server, "postgres", "ALTER DATABASE postgres OWNER TO master")
        with moto() as url:
            made = Machine(tmp_path_factory.mktemp("machine") / "small-team", url, server)
            try:
                up = made.long("up", "--yes")
                assert up.code == 0, up.text
                yield made
            finally:
                made.end()
    finally:
        server.end()


def test_every_tool_and_every_wire_holds_and_nothing_is_kept_here(cloud: Machine) -> None:
    checked = cloud.long("check")
    assert checked.code == 0, checked.text
    assert int(ask(cloud.server, "mlflow", "SELECT count(*) FROM runs")) >= 1
    assert any(each.startswith("mlflow/") and each.endswith("marker.txt") for each in cloud.objects())
    assert any(each.startswith("dvc/files/") for each in cloud.objects())
    assert not (cloud.root / "secrets.json").exists()
    assert not [each for each in (cloud.root / "components" / "mlflow" / "data").rglob("marker.txt")]
