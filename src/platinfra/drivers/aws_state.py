"""The bucket that holds the Terraform states of an account and region; many stacks share it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from platinfra.diagnostics import ActionError
from platinfra.drivers.aws_account import MISSING, Account, ask, bucket_taken, translate_errors

_BATCH = 1000
"""Objects that one request may delete."""
_NO_LOCATION = "us-east-1"
"""S3 refuses a location constraint in the region it began with."""


@dataclass(frozen=True, slots=True)
class StateLock:
    """Who holds a state, as Terraform noted it."""

    id: str
    who: str
    operation: str
    since: str


class StateBucket:
    """The bucket `platinfra-state-ACCOUNT-REGION`; a state is one object in it."""

    def __init__(self, account: Account) -> None:
        """Name the bucket; raise ActionError without valid credentials."""
        self._owner = account.identity.account
        self._region, self._partition, self._account = account.region, account.partition, account
        self.name = f"platinfra-state-{self._owner}-{self._region}"

    def ensure(self) -> None:
        """
        Make the bucket, or finish making it; nothing changes when it is complete.

        Raises ActionError when somebody else has taken its name.
        """
        with translate_errors():
            if not self._account.has_bucket(self.name):
                self._create()
            if self._policy() != self._wanted_policy():
                self._secure()

    def exists(self, key: str) -> bool:
        """Tell whether a state was ever saved under `key` and not removed."""
        return self._read(key) is not None

    def lock_info(self, key: str) -> StateLock | None:
        """Return who holds the lock of a state; None when nobody does."""
        content = self._read(_lock(key))
        if content is None:
            return None
        try:
            found = json.loads(content)
        except ValueError:
            found = {}
        names = ("ID", "Who", "Operation", "Created")
        return StateLock(*(str(found.get(name, "unknown")).removeprefix("OperationType") for name in names))

    def break_lock(self, key: str) -> None:
        """Remove the lock of a state; none is no error."""
        with translate_errors():
            self._client.delete_object(Bucket=self.name, Key=_lock(key), **self._ours)

    def remove(self, key: str) -> None:
        """Remove a state with all its versions, and the bucket when nothing else lies in it; none is no error."""
        with translate_errors():
            if not self._account.has_bucket(self.name):
                return
            ours = {key, _lock(key)}
            self._delete([each for each in self._versions(key) if each["Key"] in ours])
            if next(self._versions(""), None) is None:
                self._client.delete_bucket(Bucket=self.name, **self._ours)

    @cached_property
    def _client(self) -> Any:
        return self._account.client("s3")

    @property
    def _ours(self) -> Mapping[str, str]:
        """Make S3 refuse a bucket that is not ours, whatever its name."""
        return {"ExpectedBucketOwner": self._owner}

    def _create(self) -> None:
        """Make an empty bucket; another command that did it at the same time is no error."""
        from botocore.exceptions import ClientError

        place = {} if self._region == _NO_LOCATION else {"LocationConstraint": self._region}
        configuration = {"CreateBucketConfiguration": place} if place else {}
        try:
            self._client.create_bucket(Bucket=self.name, ObjectOwnership="BucketOwnerEnforced", **configuration)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "BucketAlreadyExists":
                raise ActionError(bucket_taken(self.name)) from error
            if code != "BucketAlreadyOwnedByYou":
                raise
        self._client.get_waiter("bucket_exists").wait(Bucket=self.name)

    def _secure(self) -> None:
        """Protect the bucket; the policy comes last, so that its presence means that all is done."""
        client, where = self._client, {"Bucket": self.name, **self._ours}
        closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        client.put_bucket_ownership_controls(OwnershipControls=ownership, **where)
        client.put_public_access_block(PublicAccessBlockConfiguration=dict.fromkeys(closed, True), **where)
        client.put_bucket_encryption(ServerSideEncryptionConfiguration=encryption, **where)
        client.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"}, **where)
        client.put_bucket_policy(Policy=json.dumps(self._wanted_policy()), **where)

    def _policy(self) -> object:
        text = ask(lambda: self._client.get_bucket_policy(Bucket=self.name, **self._ours)["Policy"], MISSING)
        return None if text is None else json.loads(text)

    def _wanted_policy(self) -> Mapping[str, object]:
        arn = f"arn:{self._partition}:s3:::{self.name}"
        statement = {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _read(self, key: str) -> str | None:
        body = ask(lambda: self._client.get_object(Bucket=self.name, Key=key, **self._ours)["Body"], MISSING)
        with translate_errors():
            return None if body is None else str(body.read().decode(errors="replace"))

    def _versions(self, prefix: str) -> Iterator[Mapping[str, str]]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.name, Prefix=prefix, **self._ours
        )
        for page in pages:
            yield from (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))

    def _delete(self, versions: list[Mapping[str, str]]) -> None:
        for start in range(0, len(versions), _BATCH):
            objects = [{name: each[name] for name in ("Key", "VersionId")} for each in versions[start : start + _BATCH]]
            self._client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True}, **self._ours)


def _lock(key: str) -> str:
    """Return where Terraform's S3 backend keeps the lock of a state."""
    return f"{key}.tflock"
