"""
Prove Swift by S3: `write` and `find` MARKER in a consumer's bucket, as that consumer, or in one of the check's own.

A consumer has to be refused in the buckets of others.
"""

import os
import sys
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

LARGEST = 1024 * 1024
"""Bytes; a marker is never in a larger object."""
OWN = "platinfra-check"
"""The bucket of the check."""


def store(username: str | None = None, password: str | None = None) -> Any:
    """Return the store as somebody sees it: as the stack's code does, when nobody is named."""
    login = {"aws_access_key_id": username, "aws_secret_access_key": password} if username else {}
    return boto3.resource("s3", config=Config(s3={"addressing_style": "path"}), **login)


def write(marker: str) -> None:
    """Leave an object, in the check's own bucket."""
    with suppress(store().meta.client.exceptions.BucketAlreadyOwnedByYou):
        store().create_bucket(Bucket=OWN)
    store().Bucket(OWN).put_object(Key=marker, Body=marker.encode())


def find(marker: str) -> str | None:
    """Look for the marker in the names and the contents of the objects, the newest first, and for a way to those of others."""
    if "BINDING_BUCKET" not in os.environ:
        return None if any(marker == each.key for each in store().Bucket(OWN).objects.all()) else "not found"
    seen = store(os.environ["BINDING_USERNAME"], os.environ["BINDING_PASSWORD"])
    own = os.environ["BINDING_BUCKET"]
    if opened := next(
        (each.name for each in store().buckets.all() if each.name != own and opens(seen, each.name)), None
    ):
        return f"its login opens the bucket {opened}"
    found = sorted(seen.Bucket(own).objects.all(), key=lambda each: each.last_modified, reverse=True)
    return None if any(marker in each.key or holds(each, marker) for each in found) else "not found"


def opens(seen: Any, bucket: str) -> bool:
    """Tell whether somebody can list a bucket."""
    try:
        seen.meta.client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDenied":
            return False
        raise
    return True


def holds(entry: Any, marker: str) -> bool:
    """Say whether an object is small enough and contains the marker."""
    return entry.size <= LARGEST and marker.encode() in entry.get()["Body"].read()


if __name__ == "__main__":
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"swift: {error}")
