"""Prove a binding to S3: `write` and `find` MARKER below the prefix that BINDING_URL names."""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

LARGEST = 1024 * 1024
"""Bytes; a marker is never in a larger object."""


def bucket() -> Any:
    """Return the bucket; the credentials are those of the consumer."""
    return boto3.resource("s3", region_name=os.environ.get("BINDING_REGION")).Bucket(urlsplit(URL).netloc)


def prefix() -> str:
    """Return what the names of the consumer's objects begin with."""
    return urlsplit(URL).path.strip("/") + "/"


def write(marker: str) -> None:
    """Leave an object."""
    bucket().put_object(Key=prefix() + marker, Body=marker.encode())


def find(marker: str) -> str | None:
    """Look for the marker in the names and the contents of the objects, the newest first."""
    found = sorted(bucket().objects.filter(Prefix=prefix()), key=lambda each: each.last_modified, reverse=True)
    return None if any(marker in each.key or holds(each, marker) for each in found) else "not found"


def holds(entry: Any, marker: str) -> bool:
    """Say whether an object is small enough and contains the marker."""
    return entry.size <= LARGEST and marker.encode() in entry.get()["Body"].read()


if __name__ == "__main__":
    if "BINDING_URL" not in os.environ:
        sys.exit("s3: only a consumer's prefix can be checked, and BINDING_URL names none")
    URL = os.environ["BINDING_URL"]
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"s3: {error}")
