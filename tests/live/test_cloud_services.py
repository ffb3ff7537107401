"""The stack of `cloud_vm`'s machine, brought up here: Postgres stands in for RDS, moto for S3 and Secrets Manager."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from platinfra.model.reference import Reference, Text
from platinfra.model.template import plain
from platinfra.targets.aws import machine
from platinfra.targets.aws.roles import Role
from platinfra.targets.aws.terraform_json import with_holes
from tests.kubernetes.stacks import bundle, objects
from tests.moto_server import REGION, enforce, moto, surroundings
from tests.targets.aws.stacks import ACCOUNT, root_of, text_of

from .stack import Ended, Stack, environment

pytestmark = [pytest.mark.live, pytest.mark.slow]
SCRIPT = Path(machine.__file__).parent / "machine_files" / "credentials.py"
KEY = "arn:aws:kms:eu-central-1:210987654321:key/11111111-2222-3333-4444-555555555555"
BUCKET = "small-team-s3-210987654321"
PASSWORDS = {
    "small-team/mlflow/backend": {"password": "PasswordOfMlflow1"},
    "small-team/mlflow/webhooks": {"value": "KeyOfWebhooks1"},
    "small-team/mlflow/signing": {"value": "KeyOfSigning1"},
    "rds!db-1": {"username": "master", "password": "PasswordOfMaster1"},
}
IN_CLUSTER = f"""
name: small-team
provider: {{name: aws, account-id: "{ACCOUNT}"}}
stack: {{experiment_tracker: [mlflow]}}
"""
SQL = """
import os, sys, psycopg
with psycopg.connect(os.environ["DSN"], autocommit=True, connect_timeout=10) as connection:
    for statement in sys.argv[1:]:
        found = connection.execute(statement)
    print(found.fetchone()[0] if found.description else "")
"""


class Machine(Stack):
    """The machine with the services that it reaches."""

    def __init__(self, folder: Path, url: str, server: Stack, text: str, passwords: Mapping[str, Any]) -> None:
        """Make the services look as Terraform leaves them; from then on AWS judges by the roles' policies."""
        super().__init__(folder)
        self.server = server
        self.cloud = {name: self.client(name, url) for name in ("s3", "secretsmanager", "iam", "sts")}
        self.cloud["s3"].create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        made = {name: self.store(name, each) for name, each in passwords.items()}
        self.outputs = {"name": BUCKET, "host": "127.0.0.1", "master_secret_arn": made.get("rds!db-1", ""), "arn": KEY}
        root = root_of(text)
        for role in root.roles:
            self.make(role)
        self.release(dict(root.modules["release"]["texts"]))
        self.env |= {name: text for name, text in surroundings(url).items() if "KEY" not in name}
        self.env["AWS_CONFIG_FILE"] = str(folder / "aws.config")
        enforce(url)

    def client(self, service: str, url: str) -> Any:
        """Return a client of the account's owner."""
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.Session(**keys, region_name=REGION).client(service, endpoint_url=url)

    def store(self, name: str, content: Any) -> str:
        """Make a secret, and return its ARN."""
        return str(self.cloud["secretsmanager"].create_secret(Name=name, SecretString=json.dumps(content))["ARN"])

    def make(self, role: Role) -> None:
        """Make a role with the policies that it is rendered with."""
        trust = self.filled(role.trust)
        self.cloud["iam"].create_role(RoleName=role.name, AssumeRolePolicyDocument=trust)
        for name, document in role.policies.items():
            self.cloud["iam"].put_role_policy(RoleName=role.name, PolicyName=name, PolicyDocument=self.filled(document))

    def filled(self, data: Any) -> str:
        """Return data as JSON with its holes filled as Terraform does."""
        return self.text(with_holes(data))

    def text(self, text: Text) -> str:
        """Return a text with its holes filled."""
        return "".join(
            self.outputs.get(each.path[-1], each.path[-1]) if isinstance(each, Reference) else str(each)
            for each in text
        )

    def release(self, texts: dict[str, Any]) -> None:
        """Write what the machine fetches; TLS is left to the server, and the machine's own credentials lie in a file."""
        stack = json.loads(self.text(texts["platinfra.yaml"]))
        for each in stack["stack"]["sql_database"]:
            if "rds" in each:
                each["rds"]["settings"] |= {"port": self.server.port("postgres"), "tls": "prefer"}
        self.file.write_text(json.dumps(stack))
        (self.folder / "machine.json").write_text(texts["machine.json"])
        found = self.cloud["sts"].assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/small-team-machine", RoleSessionName="i-1"
        )["Credentials"]
        names = {
            "aws_access_key_id": "AccessKeyId",
            "aws_secret_access_key": "SecretAccessKey",
            "aws_session_token": "SessionToken",
        }
        own = self.folder / "own"
        own.write_text("[default]\n" + "\n".join(f"{name} = {found[key]}" for name, key in names.items()))
        here = f"env AWS_SHARED_CREDENTIALS_FILE='{own}' {sys.executable} -I {SCRIPT} '{self.folder}/machine.json'"
        config = texts["aws.config"].splitlines()
        (self.folder / "aws.config").write_text("\n".join([*config[:-1], f"credential_process = {here}"]))

    def objects(self) -> list[str]:
        """Return the names of everything in the bucket."""
        found = self.owner(lambda: self.cloud["s3"].list_objects_v2(Bucket=BUCKET))
        return [each["Key"] for each in found.get("Contents", [])]

    def owner(self, call: Callable[[], Any]) -> Any:
        """Make a call of the account's owner, whom no policy limits."""
        enforce(self.env["AWS_ENDPOINT_URL"], on=False)
        try:
            return call()
        finally:
            enforce(self.env["AWS_ENDPOINT_URL"])

    def long(self, *arguments: str) -> Ended:
        """Run a command that takes its time."""
        return self.run(*arguments, within=240)


def ask(server: Stack, database: str, *statements: str) -> str:
    """Run statements as the superuser and return the last answer."""
    admin = server.read("secrets.json")["postgres"]["admin"]
    dsn = f"host=127.0.0.1 port={server.port('postgres')} user=postgres password={admin} dbname={database}"
    python = environment("postgres") / "bin" / "python"
    command = [python, "-c", SQL, *statements]
    done = subprocess.run(
        command, env={**os.environ, "DSN": dsn}, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    server = Stack(tmp_path_factory.mktemp("rds") / "server")
    server.catalog("postgres")
    server.file.write_text("{name: rds, provider: {name: local}, stack: {sql_database: [postgres]}}")
    try:
        assert server.run("up").code == 0
        ask(server, "postgres", "CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD 'PasswordOfMaster1'")
        ask(server, "postgres", "ALTER DATABASE postgres OWNER TO master")
        with moto(ACCOUNT) as url:
            made = Machine(
                tmp_path_factory.mktemp("machine") / "small-team", url, server, text_of("cloud-vm"), PASSWORDS
            )
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
    assert not list((cloud.root / "components").rglob("marker.txt"))


def test_no_password_lies_in_a_file_or_stands_in_a_command_line(cloud: Machine) -> None:
    passwords = [value.encode() for each in PASSWORDS.values() for name, value in each.items() if name != "username"]
    files = [each for each in cloud.folder.rglob("*") if each.is_file() and not each.is_symlink()]
    holding = [each for each in files if any(password in each.read_bytes() for password in passwords)]
    assert [str(each) for each in holding if each.stat().st_mode & 0o077] == []
    lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in cloud.marks())
    assert lines
    assert not [each for each in passwords if each in lines]


def test_after_a_reboot_everything_is_found_again(cloud: Machine) -> None:
    before, kept = ask(cloud.server, "mlflow", "SELECT count(*) FROM runs"), cloud.objects()
    cloud.down()
    up = cloud.long("up", "--yes")
    assert up.code == 0, up.text
    assert ask(cloud.server, "mlflow", "SELECT count(*) FROM runs") == before
    assert cloud.objects() == kept
    checked = cloud.long("check", "mlflow")
    assert checked.code == 0, checked.text


def test_a_password_that_was_changed_in_the_store_is_set_again(cloud: Machine) -> None:
    changed = {"password": "PasswordOfMlflow2"}
    cloud.owner(
        lambda: cloud.cloud["secretsmanager"].put_secret_value(
            SecretId="small-team/mlflow/backend", SecretString=json.dumps(changed)
        )
    )
    cloud.down()
    up = cloud.long("up", "--yes")
    assert up.code == 0, up.text
    assert (
        ask(
            cloud.server,
            "postgres",
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'mlflow'",
        )
        == "False"
    )


def test_the_job_of_a_cluster_makes_the_same_logins(cloud: Machine) -> None:
    """Its script runs here with the psql of the stand-in, as the image's would."""
    (job,) = objects(bundle(IN_CLUSTER), "Job").values()
    command = plain(job["spec"]["template"]["spec"]["containers"][0]["command"])
    port, (program, *_) = cloud.server.port("postgres"), environment("postgres").rglob("pginstall/bin/psql")
    login = {"PGUSER": "master", "PGPASSWORD": "PasswordOfMaster1", "PGHOST": "127.0.0.1", "PGSSLMODE": "prefer"}
    granted = {"GRANT_USERNAME": 'a "b"', "GRANT_PASSWORD": "it's $ecret", "GRANT_DATABASE": "o'ne"}
    env = {"PATH": f"{program.parent}:{os.environ['PATH']}", **login, **granted}
    command[-1] = command[-1].replace("${module.component_rds.port}", str(port))
    for _ in range(2):
        subprocess.run(command, env=env, check=True, timeout=60, capture_output=True)
    own = {**env, "PGUSER": 'a "b"', "PGPASSWORD": "it's $ecret", "PGPORT": str(port)}
    asked = [
        program,
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--command",
        "CREATE TABLE IF NOT EXISTS x (); SELECT current_user",
    ]
    done = subprocess.run([*asked, "o'ne"], env=own, check=True, timeout=60, capture_output=True, text=True)
    assert 'a "b"' in done.stdout
    refused = subprocess.run([*asked, "mlflow"], env=own, check=False, timeout=60, capture_output=True, text=True)
    assert "permission denied" in refused.stderr
