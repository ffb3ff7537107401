"""Give a consumer a role and a database of its own, as an administrator who is no superuser; run again, it changes nothing.

Where no administrator is named, the logins exist already: then prove that the consumer's works.
"""

import json
import os
import sys
import time
from typing import Any, LiteralString

import boto3
import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

Connection = psycopg.Connection[tuple[Any, ...]]

SECRET = os.environ["ADMIN_SECRET"]
REGION = os.environ["ADMIN_REGION"]
USERNAME = os.environ["GRANT_USERNAME"]
PASSWORD = os.environ["GRANT_PASSWORD"]
DATABASE = os.environ["GRANT_DATABASE"]


def administrator() -> tuple[str, str]:
    """Fetch the administrator's name and password; AWS changes the password every week."""
    client = boto3.client("secretsmanager", region_name=REGION or None)
    found = json.loads(client.get_secret_value(SecretId=SECRET)["SecretString"])
    return found["username"], found["password"]


def connect(login: tuple[str, str], database: str, patience: float = 30) -> Connection:
    """Connect, waiting (seconds) for a server that still starts; host, port and TLS are libpq's own variables."""
    deadline = time.monotonic() + patience
    user, password = login
    while True:
        try:
            return psycopg.connect(user=user, password=password, dbname=database, connect_timeout=10, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def statement(template: LiteralString, **values: Composable) -> Composed:
    """Fill in the consumer's names, quoted, and further values."""
    return SQL(template).format(role=Identifier(USERNAME), database=Identifier(DATABASE), **values)


def hashed(connection: Connection) -> Literal:
    """Hash the password here, so that the server never sees it, not even in the text of a failed statement."""
    return Literal(connection.pgconn.encrypt_password(PASSWORD.encode(), USERNAME.encode(), b"scram-sha-256").decode())


def create_role(connection: Connection) -> None:
    """Create the role unless it exists, and set its password."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USERNAME]).fetchone():
        connection.execute(statement("CREATE ROLE {role}"))
    connection.execute(statement("ALTER ROLE {role} LOGIN PASSWORD {password}", password=hashed(connection)))
    # Only a member may make a role the owner of something; since PostgreSQL 16 even its creator has to ask for that.
    connection.execute(statement("GRANT {role} TO CURRENT_USER"))


def create_database(connection: Connection) -> None:
    """Create the database unless it exists, and close it to everybody but its owner."""
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(statement("CREATE DATABASE {database} OWNER {role}"))
    connection.execute(statement("REVOKE ALL ON DATABASE {database} FROM PUBLIC"))


def main() -> None:
    """Create what is missing, then set the password and who may connect."""
    if not SECRET:
        connect((USERNAME, PASSWORD), DATABASE).close()
        return
    login = administrator()
    with connect(login, "postgres") as connection:
        # Consumers may be admitted at the same time, and two REVOKEs on one database fail with "concurrently updated".
        connection.execute("SELECT pg_advisory_lock(1)")
        create_role(connection)
        create_database(connection)
        connection.execute("REVOKE ALL ON DATABASE postgres FROM PUBLIC")
    with connect(login, DATABASE) as connection:
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


if __name__ == "__main__":
    try:
        main()
    except (psycopg.Error, BotoCoreError, ClientError, KeyError) as error:
        sys.exit(f"rds: {error!r}")
