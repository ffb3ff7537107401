"""Back up every database into the stack's bucket, list the backups, and restore one.

`backups`               lists the complete ones, the newest last
`backup`                makes one
`restore`               restores the newest one, or `restore TIME`, or `restore TIME DATABASE …`

A backup is a folder: a file of `pg_dump` for each database, and a manifest that is written last. What it replaces stays in
the server as DATABASE_before_TIME, closed to everybody. Host, port, user and password are libpq's own variables.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import boto3
import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.sql import SQL, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = psycopg.Connection[tuple[Any, ...]]
MANIFEST = "manifest.json"
TIME = re.compile(r"\d{8}T\d{6}Z")
DATABASES = """
SELECT datname, pg_get_userbyid(datdba) FROM pg_database
WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' ORDER BY datname
"""
LONGEST = 63
"""Bytes of a name in Postgres."""


class Bucket:
    """Where the backups lie: a prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """Take an address such as s3://bucket/postgres."""
        self.name, _, self.prefix = url.removeprefix("s3://").partition("/")
        self.client = boto3.client("s3", region_name=os.environ.get("BACKUP_REGION") or None)

    def key(self, *parts: str) -> str:
        """Return the key of a file of a backup."""
        return "/".join((*filter(None, [self.prefix]), *parts))

    def put(self, source: IO[bytes], *parts: str) -> int:
        """Store a stream of unknown length; return its size in bytes."""
        self.client.upload_fileobj(source, self.name, self.key(*parts))
        return int(self.client.head_object(Bucket=self.name, Key=self.key(*parts))["ContentLength"])

    def get(self, *parts: str) -> IO[bytes]:
        """Return what a file holds."""
        found: IO[bytes] = self.client.get_object(Bucket=self.name, Key=self.key(*parts))["Body"]
        return found

    def times(self) -> list[str]:
        """Return the times of the complete backups, the newest last."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.key(""))
        keys = (each["Key"] for page in pages for each in page.get("Contents", ()))
        found = (key.removeprefix(self.key("")).split("/") for key in keys)
        return sorted(parts[0] for parts in found if len(parts) == 2 and parts[1] == MANIFEST)

    def manifest(self, time: str) -> dict[str, Any]:
        """Return what a backup holds: its databases, with owner and size of each."""
        found: dict[str, Any] = json.loads(self.get(time, MANIFEST).read())
        return found


def connect(database: str = "postgres") -> Connection:
    """Connect as the administrator."""
    return psycopg.connect(dbname=database, connect_timeout=10, autocommit=True)


def backup(bucket: Bucket) -> None:
    """Store every database, then the manifest: without it a backup is none."""
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    with connect() as connection:
        databases = connection.execute(DATABASES).fetchall()
        version = connection.info.server_version
    sizes = {name: dump(bucket, time, name) for name, _ in databases}
    found = {name: {"owner": owner, "bytes": sizes[name]} for name, owner in databases}
    text = json.dumps({"time": time, "server": version, "databases": found}, indent=1)
    bucket.client.put_object(Bucket=bucket.name, Key=bucket.key(time, MANIFEST), Body=text.encode())
    print(f"{time}: {len(found)} databases, {sum(sizes.values())} bytes")


def dump(bucket: Bucket, time: str, database: str) -> int:
    """Send a database to the bucket as it is read: it needs no room on the disk; return its size."""
    line = ["pg_dump", "--format=custom", "--no-password", f"--dbname={database}"]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        assert process.stdout
        size = bucket.put(process.stdout, time, f"{database}.dump")
    if process.returncode:
        sys.exit(f"postgres: pg_dump of `{database}` ended with {process.returncode}; the backup is not complete")
    return size


def restore(bucket: Bucket, time: str | None, names: list[str]) -> None:
    """Restore databases of a backup, all without names; the newest one without a time."""
    times = bucket.times()
    if time is None and not times:
        sys.exit(f"postgres: there is no backup in s3://{bucket.name}/{bucket.prefix}")
    time = times[-1] if time is None else time
    if time not in times:
        sys.exit(f"postgres: there is no complete backup `{time}`; there are: {', '.join(times) or 'none'}")
    known = bucket.manifest(time)["databases"]
    if unknown := [each for each in names if each not in known]:
        sys.exit(f"postgres: the backup {time} has no database {', '.join(unknown)}; it has: {', '.join(known)}")
    for name in names or known:
        restore_database(bucket, time, name, known[name])


def restore_database(bucket: Bucket, time: str, name: str, known: dict[str, Any]) -> None:
    """Fill a new database, then let it take the name: when something fails, what is there stays as it is."""
    new = f"{name[: LONGEST - len('_restoring')]}_restoring"
    with connect() as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [known["owner"]]).fetchone():
            connection.execute(SQL("CREATE ROLE {}").format(Identifier(known["owner"])))
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(new)))
        create = "CREATE DATABASE {} OWNER {} TEMPLATE template0"
        connection.execute(SQL(create).format(Identifier(new), Identifier(known["owner"])))
        connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(new)))
        try:
            fill(bucket, time, name, new)
            kept = exchange(connection, name, new)
        except BaseException:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(new)))
            raise
    print(f"{name}: restored from {time}" + (f"; what it was stays as {kept}" if kept else ""))


def fill(bucket: Bucket, time: str, name: str, new: str) -> None:
    """Read a backup into an empty database, all or nothing."""
    line = ["pg_restore", "--exit-on-error", "--single-transaction", "--no-password", f"--dbname={new}"]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as process:
        assert process.stdin
        with suppress(BrokenPipeError):  # it ended early, and has said why
            shutil.copyfileobj(bucket.get(time, f"{name}.dump"), process.stdin)
    if process.returncode:
        sys.exit(f"postgres: pg_restore of `{name}` ended with {process.returncode}; the database is as it was")


def exchange(connection: Connection, name: str, new: str) -> str:
    """Give a database's name to another one; return what the first is called now, nothing where there was none."""
    exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not exists:
        connection.execute(rename(new, name))
        return ""
    ending = f"_before_{datetime.now(UTC).strftime('%Y%m%d%H%M%S')}"
    kept = f"{name[: LONGEST - len(ending)]}{ending}"
    with closed(connection, name), connection.transaction():
        connection.execute(rename(name, kept))
        connection.execute(rename(new, name))
    return kept


@contextmanager
def closed(connection: Connection, name: str) -> "Iterator[None]":
    """Keep everybody out of a database, for good unless something fails: clients come back by themselves."""
    allow = "ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}"
    connection.execute(SQL(allow).format(Identifier(name), SQL("false")))
    try:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
    except BaseException:
        connection.execute(SQL(allow).format(Identifier(name), SQL("true")))
        raise


def rename(old: str, new: str) -> Any:
    """Return the statement that renames a database."""
    return SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(old), Identifier(new))


def main(*words: str) -> None:
    """Do what the first word says."""
    url = os.environ.get("BACKUP_URL")
    if not url:
        sys.exit("postgres: there is no bucket for backups: name `s3` as an `object_store` of the stack")
    bucket = Bucket(url)
    match words:
        case ("backup",):
            backup(bucket)
        case ("backups",):
            print("\n".join(bucket.times()) or "there are none")
        case ("restore",):
            restore(bucket, None, [])
        case ("restore", time, *names) if TIME.fullmatch(time):
            restore(bucket, time, names)
        case _:
            sys.exit("postgres: backup, backups, or restore [TIME [DATABASE …]] with a time such as 20261127T021500Z")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (psycopg.Error, BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"postgres: {error!r}")
