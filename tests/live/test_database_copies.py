"""A copy of a consumer's database: what was there comes back, and nobody but the administrator gets at the copy."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from tests.moto_server import REGION, moto, surroundings

from .stack import CATALOG, Stack, environment

pytestmark = [pytest.mark.live, pytest.mark.slow]
SQL = """\
import os, sys, psycopg
with psycopg.connect(os.environ["DSN"], connect_timeout=10, autocommit=True) as connection:
    for each in sys.argv[1:]:
        done = connection.execute(each)
    print(done.fetchall() if done.description else "")
"""
CONSUMER = {"GRANT_USERNAME": "consumer", "GRANT_PASSWORD": "of-consumer", "GRANT_DATABASE": "consumer"}
ADMINISTRATOR = ("plain", "of-plain")
"""No superuser, as on RDS."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("server") / "stack").catalog("postgres")
    made.file.write_text("name: server\nstack:\n  sql_database: [postgres]\n")
    try:
        up = made.run("up", within=120)
        assert up.code == 0, up.text
        superuser(made, "CREATE ROLE plain LOGIN CREATEDB CREATEROLE PASSWORD 'of-plain'")
        superuser(made, "ALTER DATABASE postgres OWNER TO plain")
        yield made
    finally:
        made.end()


@pytest.fixture(params=["postgres", "rds"])
def surroundings_of(request: pytest.FixtureRequest, server: Stack) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield a tool's folder, and what its scripts are given."""
    folder = CATALOG / request.param
    port = str(server.port("postgres"))
    env = {**CONSUMER, "PYTHONPATH": str(CATALOG / "_packages"), "COPY": "3.16.1"}
    if request.param == "postgres":
        own = {
            "ADMIN_HOST": "127.0.0.1",
            "ADMIN_PORT": port,
            "ADMIN_PASSWORD": server.read("secrets.json")["postgres"]["admin"],
        }
        yield folder, {**env, **own}
        return
    with moto() as url:
        for name, value in (aws := surroundings(url)).items():
            env[name] = value
        client = boto3.client(
            "secretsmanager", region_name=REGION, endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b"
        )
        login = '{"username": "plain", "password": "of-plain"}'
        arn = client.create_secret(Name="administrator", SecretString=login)["ARN"]
        own = {
            "ADMIN_SECRET": arn,
            "ADMIN_REGION": REGION,
            "PGHOST": "127.0.0.1",
            "PGPORT": port,
            "PGSSLMODE": "prefer",
        }
        yield folder, {**env, **aws, **own, **{key: f"{each}2" for key, each in CONSUMER.items()}}


def superuser(server: Stack, *statements: str) -> str:
    password = server.read("secrets.json")["postgres"]["admin"]
    return ask(server, "postgres", password, "postgres", *statements).stdout


def ask(server: Stack, user: str, password: str, database: str, *statements: str) -> subprocess.CompletedProcess[str]:
    dsn = f"host=127.0.0.1 port={server.port('postgres')} user={user} password={password} dbname={database}"
    command = [environment("postgres") / "bin" / "python", "-c", SQL, *statements]
    env = {**os.environ, "DSN": dsn}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)


def test_what_was_there_comes_back(server: Stack, surroundings_of: tuple[Path, Mapping[str, str]]) -> None:
    folder, env = surroundings_of

    def script(*arguments: str) -> None:
        python = environment(folder.name) / "bin" / "python"
        command = [python, *arguments]
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def consumer(*statements: str) -> str:
        done = ask(server, env["GRANT_USERNAME"], env["GRANT_PASSWORD"], env["GRANT_DATABASE"], *statements)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    script("grant.py")
    consumer("CREATE TABLE kept (value text)", "INSERT INTO kept VALUES ('first')")
    script("copies.py", "keep")
    consumer("UPDATE kept SET value = 'second'")
    script("copies.py", "keep")  # one copy for each version: the newer replaces it
    consumer("DROP TABLE kept")
    for _ in range(2):  # the copy stays
        script("copies.py", "put-back")
        assert consumer("SELECT value FROM kept") == "[('second',)]"
        consumer("INSERT INTO kept VALUES ('third')")
    copy = f"{env['GRANT_DATABASE']}_of_3_16_1"
    refused = ask(server, env["GRANT_USERNAME"], env["GRANT_PASSWORD"], copy, "SELECT 1")
    assert "not currently accepting connections" in refused.stderr
    public = f"SELECT has_database_privilege('public', '{env['GRANT_DATABASE']}', 'CONNECT')"
    assert "False" in superuser(server, public)
