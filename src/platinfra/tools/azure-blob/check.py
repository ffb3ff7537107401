"""Prove a binding to a container of Azure: `write` and `find` MARKER below the prefix that BINDING_URL names."""

import os
from urllib.parse import urlsplit

from azure.storage.blob import BlobProperties, ContainerClient

from client_check import check

LARGEST = 1024 * 1024
"""Bytes; a marker is never in a larger object."""
URL = urlsplit(os.environ.get("BINDING_URL", ""))
PREFIX = URL.path.strip("/") + "/"


def container() -> ContainerClient:
    """Return the container; the credentials are those of the consumer."""
    return ContainerClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"], URL.netloc)


def write(marker: str) -> None:
    """Leave an object."""
    container().upload_blob(PREFIX + marker, marker.encode())


def find(marker: str) -> str | None:
    """Look for the marker in the names and the contents of the objects, the newest first."""
    found = sorted(container().list_blobs(PREFIX), key=lambda each: each.last_modified, reverse=True)
    return None if any(marker in each.name or holds(each, marker) for each in found) else "not found"


def holds(entry: BlobProperties, marker: str) -> bool:
    """Say whether an object is small enough and contains the marker."""
    return entry.size <= LARGEST and marker.encode() in container().download_blob(entry.name).readall()


if __name__ == "__main__":
    check("azure-blob", write, find)
