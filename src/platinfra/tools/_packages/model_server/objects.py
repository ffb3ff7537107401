"""Files below one address: a prefix of an S3 bucket, or a folder of this machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Found:
    """What a listing tells of a file."""

    name: str
    """Its path below the address."""
    size: int
    changed: float
    """Seconds since 1970."""


class Objects(Protocol):
    """What both kinds can do; names are paths with slashes."""

    def find(self, prefix: str) -> Iterator[Found]:
        """Yield the files whose names begin with the prefix, by name."""

    def download(self, name: str, target: Path) -> None:
        """Copy a file that was found to this machine."""

    def upload(self, source: Path, name: str) -> None:
        """Copy a file of this machine over whatever has the name."""

    def read(self, name: str) -> bytes:
        """Return a small file that was found."""

    def write(self, name: str, content: bytes) -> None:
        """Put a small file over whatever has the name."""


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, prefix: str) -> Iterator[Found]:
        """Yield the files whose names begin with the prefix, by name."""
        for path in sorted(self._root.rglob("*")):
            name = path.relative_to(self._root).as_posix()
            if name.startswith(prefix) and path.is_file():
                yield Found(name, path.stat().st_size, path.stat().st_mtime)

    def download(self, name: str, target: Path) -> None:
        """Copy a file that was found to this machine."""
        shutil.copyfile(self._root / name, target)

    def upload(self, source: Path, name: str) -> None:
        """Copy a file over whatever has the name, in one step."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        shutil.copyfile(source, draft)
        draft.replace(path)

    def read(self, name: str) -> bytes:
        """Return a small file that was found."""
        return (self._root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Put a small file over whatever has the name, in one step."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_bytes(content)
        draft.replace(path)


class Bucket:
    """
    A prefix of an S3 bucket; place and credentials come from the usual variables, or from the pod's role.

    What is there is asked with listings only: a role that may list its own prefix alone is refused, and not told
    «not found», where it asks for a name that nothing has.
    """

    def __init__(self, name: str, prefix: str, client: Any) -> None:
        self._name = name
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = client

    def find(self, prefix: str) -> Iterator[Found]:
        """Yield the files whose names begin with the prefix, by name."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._name, Prefix=self._prefix + prefix):
            for each in page.get("Contents", ()):
                name = each["Key"].removeprefix(self._prefix)
                yield Found(name, each["Size"], each["LastModified"].timestamp())

    def download(self, name: str, target: Path) -> None:
        """Copy a file that was found to this machine."""
        self._client.download_file(self._name, self._prefix + name, str(target))

    def upload(self, source: Path, name: str) -> None:
        """Copy a file of this machine over whatever has the name."""
        self._client.upload_file(str(source), self._name, self._prefix + name)

    def read(self, name: str) -> bytes:
        """Return a small file that was found."""
        return bytes(self._client.get_object(Bucket=self._name, Key=self._prefix + name)["Body"].read())

    def write(self, name: str, content: bytes) -> None:
        """Put a small file over whatever has the name."""
        self._client.put_object(Bucket=self._name, Key=self._prefix + name, Body=content)


def objects_at(url: str) -> Objects:
    """Return the files below an address: s3://BUCKET/PREFIX, or a path."""
    scheme, marked, rest = url.partition("://")
    if not marked:
        return Folder(Path(url))
    if scheme != "s3":
        message = f"{url}: neither s3://BUCKET/PREFIX nor a path"
        raise ValueError(message)
    import boto3  # model servers have no use for it

    name, _, prefix = rest.partition("/")
    return Bucket(name, prefix, boto3.client("s3"))
