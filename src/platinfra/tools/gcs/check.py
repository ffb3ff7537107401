"""Prove a binding to a bucket of Google: `write` and `find` MARKER below the prefix that BINDING_URL names."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from google.cloud.storage import Blob, Bucket, Client

from client_check import check

LARGEST = 1024 * 1024
"""Bytes; a marker is never in a larger object."""
URL = urlsplit(os.environ.get("BINDING_URL", ""))
PREFIX = URL.path.strip("/") + "/"


def bucket() -> Bucket:
    """Return the bucket; the credentials are those of the consumer."""
    return Client().bucket(URL.netloc)


def write(marker: str) -> None:
    """Leave an object."""
    bucket().blob(PREFIX + marker).upload_from_string(marker)


def find(marker: str) -> str | None:
    """Look for the marker in the names and the contents of the objects."""
    return None if any(marker in each.name or holds(each, marker) for each in objects()) else "not found"


def objects() -> Iterator[Blob]:
    """Yield the consumer's objects, the newest first."""
    found = bucket().list_blobs(prefix=PREFIX)
    yield from sorted(found, key=lambda each: each.time_created, reverse=True)


def holds(entry: Blob, marker: str) -> bool:
    """Say whether an object is small enough and contains the marker."""
    return entry.size <= LARGEST and marker.encode() in entry.download_as_bytes()


if __name__ == "__main__":
    check("gcs", write, find)
