"""Prove a binding to RDS: `write` and `find` MARKER in the database of the consumer that BINDING_URL names."""

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


def connect() -> psycopg.Connection[tuple[Any, ...]]:
    """Connect as the consumer."""
    return psycopg.connect(os.environ["BINDING_URL"], connect_timeout=10, options="-c statement_timeout=20000")


def write(marker: str) -> None:
    """Leave a row."""
    with connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS platinfra_check (marker text)")
        connection.execute("INSERT INTO platinfra_check VALUES (%s)", [marker])


def find(marker: str) -> str | None:
    """Look for the marker in every text column of the consumer's tables."""
    search = SQL("SELECT 1 FROM {} WHERE strpos({}::text, %s) > 0 LIMIT 1")
    with connect() as connection:
        for schema, table, column in connection.execute(TEXT_COLUMNS).fetchall():
            query = search.format(Identifier(str(schema), str(table)), Identifier(str(column)))
            if connection.execute(query, [marker]).fetchone():
                return None
    return "not found"


if __name__ == "__main__":
    if "BINDING_URL" not in os.environ:
        sys.exit("rds: only a consumer's database can be checked, and BINDING_URL names none")
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except psycopg.Error as error:
        sys.exit(f"rds: {error!r}")
