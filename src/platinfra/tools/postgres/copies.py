"""Keep a copy of a consumer's database beside it, or make the database what the copy is: `keep` and `put-back`.

The copy `COPY` of DATABASE is called DATABASE_of_COPY and is closed to everybody.
"""

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from grant import DATABASE, Connection, connect, statement
from psycopg.sql import Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 63
"""Bytes of a name in Postgres."""


def name(ending: str) -> Identifier:
    """Return the name of another database that belongs to the consumer's."""
    return Identifier(f"{DATABASE[: LONGEST - len(ending)]}{ending}")


COPY = name(f"_of_{re.sub(r'[^a-z0-9]', '_', os.environ['COPY'].lower())}")
NEW = name("_new")


@contextmanager
def closed(connection: Connection) -> "Iterator[None]":
    """Keep everybody out of the database: only one that nobody uses can be copied."""
    connection.execute(statement("ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false"))
    try:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [DATABASE])
        yield
    finally:
        connection.execute(statement("ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true"))


def keep(connection: Connection) -> None:
    """Copy the database under a name of its own first: a copy that was cut off never has the name of one."""
    connection.execute(statement("DROP DATABASE IF EXISTS {new} WITH (FORCE)", new=NEW))
    with closed(connection):
        create = "CREATE DATABASE {new} TEMPLATE {database} ALLOW_CONNECTIONS false"
        connection.execute(statement(create, new=NEW))
    connection.execute(statement("DROP DATABASE IF EXISTS {copy} WITH (FORCE)", copy=COPY))
    connection.execute(statement("ALTER DATABASE {new} RENAME TO {copy}", new=NEW, copy=COPY))


def put_back(connection: Connection) -> None:
    """Fill a new database from the copy, then let it take the name."""
    connection.execute(statement("DROP DATABASE IF EXISTS {new} WITH (FORCE)", new=NEW))
    connection.execute(statement("CREATE DATABASE {new} OWNER {role} TEMPLATE {copy}", new=NEW, copy=COPY))
    connection.execute(statement("REVOKE ALL ON DATABASE {new} FROM PUBLIC", new=NEW))
    connection.execute(statement("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
    connection.execute(statement("ALTER DATABASE {new} RENAME TO {database}", new=NEW))


if __name__ == "__main__":
    try:
        with connect("postgres") as administrator:
            {"keep": keep, "put-back": put_back}[sys.argv[1]](administrator)
    except psycopg.Error as error:
        sys.exit(f"postgres: {error!r}")
