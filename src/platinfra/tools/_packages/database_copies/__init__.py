"""
Keeps a copy of a consumer's database beside it, on the server itself, or makes the database what the copy is.

The copy `COPY` of DATABASE is called DATABASE_of_COPY and is closed to everybody. The administrator owns nothing of it
and need be no superuser, but has to be a member of the consumer's role, as who created it is.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg.sql import SQL, Composable, Identifier

__all__ = ["Connection", "main"]

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
_LONGEST = 63
"""Bytes of a name in Postgres."""


class _Database:
    """The database of one consumer, with the copy that is meant."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.name = os.environ["GRANT_DATABASE"]
        copy = re.sub(r"[^a-z0-9]", "_", os.environ["COPY"].lower())
        self.names = {
            "database": Identifier(self.name),
            "role": Identifier(os.environ["GRANT_USERNAME"]),
            "copy": self._beside(f"_of_{copy}"),
            "new": self._beside("_new"),
        }

    def _beside(self, ending: str) -> Identifier:
        return Identifier(f"{self.name[: _LONGEST - len(ending)]}{ending}")

    def do(self, template: LiteralString) -> None:
        """Run a statement with the names that it mentions."""
        known: dict[str, Composable] = {key: each for key, each in self.names.items() if f"{{{key}}}" in template}
        self.connection.execute(SQL(template).format(**known))

    @contextmanager
    def shut_out_others(self) -> Iterator[None]:
        """Keep everybody out: only a database that nobody uses can be copied."""
        self.do("ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
        try:
            ask = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            self.connection.execute(ask, [self.name])
            yield
        finally:
            self.do("ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")

    def keep(self) -> None:
        """Copy under a name of its own first: a copy that was cut off never has the name of one."""
        self.do("DROP DATABASE IF EXISTS {new} WITH (FORCE)")
        with self.shut_out_others():
            self.do("CREATE DATABASE {new} OWNER {role} TEMPLATE {database} ALLOW_CONNECTIONS false")
        self.do("DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        self.do("ALTER DATABASE {new} RENAME TO {copy}")

    def put_back(self) -> None:
        """Fill a new database from the copy, then let it take the name."""
        self.do("DROP DATABASE IF EXISTS {new} WITH (FORCE)")
        self.do("CREATE DATABASE {new} OWNER {role} TEMPLATE {copy} ALLOW_CONNECTIONS true")
        self.do("REVOKE ALL ON DATABASE {new} FROM PUBLIC")
        self.do("DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.do("ALTER DATABASE {new} RENAME TO {database}")


def main(product: str, connect: Callable[[], Connection], action: str) -> None:
    """`keep` the copy or `put-back`; `connect` opens the administrator's own database."""
    try:
        with connect() as connection:
            database = _Database(connection)
            {"keep": database.keep, "put-back": database.put_back}[action]()
    except psycopg.Error as error:
        sys.exit(f"{product}: {error!r}")
