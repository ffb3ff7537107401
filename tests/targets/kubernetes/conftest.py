"""What tests of tools in a cluster share."""

import os
from collections.abc import Iterator

import boto3
import pytest

from tests.moto_server import moto, surroundings


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Return the address of an empty bucket; AWS' clients of this process find it."""
    with moto() as url:
        before = dict(os.environ)
        os.environ.update(surroundings(url))
        try:
            place = {"LocationConstraint": os.environ["AWS_REGION"]}
            boto3.client("s3").create_bucket(Bucket="stack-objects", CreateBucketConfiguration=place)
            yield "s3://stack-objects"
        finally:
            os.environ.clear()
            os.environ.update(before)
