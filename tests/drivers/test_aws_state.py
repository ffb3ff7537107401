"""The bucket of the states is made once, protected, and removed with the last state."""

import json
from collections.abc import Iterator

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers.aws_account import Account, Identity
from platinfra.drivers.aws_state import StateBucket, StateLock
from tests import moto_server

from .answers import DENIED, answering

pytestmark = pytest.mark.live

KEY = "stacks/a.tfstate"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server.moto() as url:
        yield url


@pytest.fixture(params=["eu-central-1", "us-east-1"])
def account(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Account:
    for name, value in moto_server.surroundings(endpoint).items():
        monkeypatch.setenv(name, value)
    return Account(request.param)


@pytest.fixture
def bucket(account: Account) -> Iterator[StateBucket]:
    found = StateBucket(account)
    found.ensure()
    yield found
    found.remove(KEY)


def put(bucket: StateBucket, key: str, content: object) -> None:
    bucket._client.put_object(Bucket=bucket.name, Key=key, Body=json.dumps(content).encode())


def test_the_bucket_is_protected(bucket: StateBucket) -> None:
    client, where = bucket._client, {"Bucket": bucket.name}
    assert client.get_bucket_versioning(**where)["Status"] == "Enabled"
    assert all(client.get_public_access_block(**where)["PublicAccessBlockConfiguration"].values())
    (owner,) = client.get_bucket_ownership_controls(**where)["OwnershipControls"]["Rules"]
    assert owner["ObjectOwnership"] == "BucketOwnerEnforced"
    (rule,) = client.get_bucket_encryption(**where)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (statement,) = json.loads(client.get_bucket_policy(**where)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_making_it_again_changes_nothing_and_half_made_is_finished(bucket: StateBucket) -> None:
    bucket._client.delete_bucket_policy(Bucket=bucket.name)
    bucket._client.delete_public_access_block(Bucket=bucket.name)
    bucket.ensure()
    bucket.ensure()
    assert bucket._client.get_public_access_block(Bucket=bucket.name)
    assert bucket._client.get_bucket_policy(Bucket=bucket.name)


def test_a_lock_tells_its_holder_and_can_be_broken(bucket: StateBucket) -> None:
    assert bucket.lock_info(KEY) is None
    lock = {"ID": "1", "Who": "ada@laptop", "Operation": "OperationTypeApply", "Created": "2026-01-02T03:04:05Z"}
    put(bucket, f"{KEY}.tflock", lock)
    assert bucket.lock_info(KEY) == StateLock("1", "ada@laptop", "Apply", "2026-01-02T03:04:05Z")
    bucket.break_lock(KEY)
    bucket.break_lock(KEY)
    assert bucket.lock_info(KEY) is None


def test_removing_the_last_state_removes_the_bucket(bucket: StateBucket, account: Account) -> None:
    for each in (KEY, KEY, f"{KEY}.tflock", f"{KEY}-of-another"):
        put(bucket, each, {})
    bucket.break_lock(KEY)
    assert bucket.exists(KEY)
    bucket.remove(KEY)
    assert not bucket.exists(KEY)
    assert bucket.exists(f"{KEY}-of-another")
    bucket.remove(f"{KEY}-of-another")
    names = [each["Name"] for each in account.client("s3").list_buckets()["Buckets"]]
    assert bucket.name not in names
    bucket.remove(KEY)
    assert not bucket.exists(KEY)


def test_a_bucket_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(403, DENIED) as url:
        for name, value in moto_server.surroundings(url).items():
            monkeypatch.setenv(name, value)
        account = Account("eu-central-1")
        account.identity = Identity("123456789012", "arn:aws:iam::123456789012:user/ada")
        with pytest.raises(ActionError) as raised:
            StateBucket(account).ensure()
    assert [each.code for each in raised.value.diagnostics] == ["bucket-taken"]
