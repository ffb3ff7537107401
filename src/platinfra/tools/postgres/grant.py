"""Give a consumer a role and a database of its own, and no other; run again, it changes nothing."""

import os
import sys
import time
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

Connection = psycopg.Connection[tuple[Any, ...]]

USERNAME = os.environ["GRANT_USERNAME"]
PASSWORD = os.environ["GRANT_PASSWORD"]
DATABASE = os.environ["GRANT_DATABASE"]


def connect(database: str, patience: float = 30) -> Connection:
    """Connect as the administrator, waiting (seconds) for a server that still starts."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return psycopg.connect(
                host=os.environ["ADMIN_HOST"],
                port=os.environ["ADMIN_PORT"],
                password=os.environ["ADMIN_PASSWORD"],
                user=os.environ.get("ADMIN_USER", "postgres"),
                dbname=database,
                connect_timeout=10,
                autocommit=True,
            )
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def statement(template: LiteralString, **values: Composable) -> Composed:
    """Fill in the consumer's names, quoted, and further values."""
    return SQL(template).format(role=Identifier(USERNAME), database=Identifier(DATABASE), **values)


def hashed(connection: Connection) -> Literal:
    """Hash the password here, so that the server never sees it, not even in the text of a failed statement."""
    return Literal(connection.pgconn.encrypt_password(PASSWORD.encode(), USERNAME.encode(), b"scram-sha-256").decode())


def create_missing(connection: Connection) -> None:
    """Create the role and the database unless they exist."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USERNAME]).fetchone():
        connection.execute(statement("CREATE ROLE {role}"))
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(statement("CREATE DATABASE {database}"))


def main() -> None:
    """Create what is missing, then set the password, the owner and who may connect."""
    with connect("postgres") as connection:
        # Consumers may be admitted at the same time, and two REVOKEs on one database fail with "concurrently updated".
        connection.execute("SELECT pg_advisory_lock(1)")
        create_missing(connection)
        alter = "ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {password}"
        connection.execute(statement(alter, password=hashed(connection)))
        connection.execute(statement("ALTER DATABASE {database} OWNER TO {role}"))
        connection.execute(statement("REVOKE ALL ON DATABASE {database} FROM PUBLIC"))
        connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    with connect(DATABASE) as connection:
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


if __name__ == "__main__":
    try:
        main()
    except psycopg.Error as error:
        sys.exit(f"postgres: {error!r}")
