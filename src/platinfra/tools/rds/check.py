"""Prove a binding to RDS: `write` and `find` MARKER in the database of the consumer that BINDING_URL names, and no other."""

import os
import sys
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

TEXT_COLUMNS = """
SELECT table_schema, table_name, column_name FROM information_schema.columns
WHERE data_type IN ('text', 'character varying', 'character', 'json', 'jsonb')
AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""
OTHERS = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> current_database()"


def connect(**other: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect as the consumer."""
    url = os.environ["BINDING_URL"]
    return psycopg.connect(url, connect_timeout=10, options="-c statement_timeout=20000", **other)


def write(marker: str) -> None:
    """Leave a row."""
    with connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS platinfra_check (marker text)")
        connection.execute("INSERT INTO platinfra_check VALUES (%s)", [marker])


def find(marker: str) -> str | None:
    """Look for the marker in every text column of the consumer's tables, and for a way into the tables of others."""
    return open_to_consumer() or ("not found" if not holds(marker) else None)


def open_to_consumer() -> str | None:
    """Tell which database of another the consumer's login opens."""
    with connect() as connection:
        others = connection.execute(OTHERS).fetchall()
    for (name,) in others:
        try:
            connect(dbname=name).close()
        except psycopg.OperationalError:
            continue
        return f"this login opens the database of another: {name}"
    return None


def holds(marker: str) -> bool:
    """Tell whether any text column of the consumer's tables has the marker."""
    search = SQL("SELECT 1 FROM {} WHERE strpos({}::text, %s) > 0 LIMIT 1")
    with connect() as connection:
        for schema, table, column in connection.execute(TEXT_COLUMNS).fetchall():
            query = search.format(Identifier(str(schema), str(table)), Identifier(str(column)))
            if connection.execute(query, [marker]).fetchone():
                return True
    return False


if __name__ == "__main__":
    if "BINDING_URL" not in os.environ:
        sys.exit("rds: only a consumer's database can be checked, and BINDING_URL names none")
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except psycopg.Error as error:
        sys.exit(f"rds: {error!r}")
