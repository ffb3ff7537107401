"""S3: a bucket of another account is not the expected one."""

from collections.abc import Callable
from typing import Any

from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from . import instead_of


@instead_of(S3Response, "head_bucket")
def head_bucket(moto: Callable[..., Any], self: S3Response) -> Any:
    """Refuse when the caller names an owner and it is not that of the bucket."""
    expected = self.headers.get("x-amz-expected-bucket-owner")
    _, owner = s3_backends.bucket_accounts.get(self.bucket_name, (None, expected))
    return moto(self) if expected in {None, owner} else (403, {}, "")
