"""Who we are on AWS and whether a stack fits, without a real account."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers.aws_account import Account, Needs
from platinfra.drivers.aws_credentials import find_credentials
from tests import moto_server

from .answers import DENIED, EXPIRED, answering

pytestmark = pytest.mark.live

REGION = moto_server.REGION


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server.moto() as url:
        yield url


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Forget what the developer's own shell says about AWS."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def account(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    return at(endpoint, monkeypatch)


def at(url: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name, value in moto_server.surroundings(url).items():
        monkeypatch.setenv(name, value)
    return Account(REGION)


def slugs(error: pytest.ExceptionInfo[ActionError]) -> list[str]:
    return [each.code for each in error.value.diagnostics]


def test_the_identity_is_that_of_the_credentials(account: Account) -> None:
    assert account.identity.account == moto_server.ACCOUNT
    assert account.identity.arn.startswith(f"arn:aws:sts::{moto_server.ACCOUNT}:")
    assert account.partition == "aws"


def test_without_credentials_the_error_says_so() -> None:
    with pytest.raises(ActionError) as raised:
        Account(REGION).identity  # noqa: B018
    assert slugs(raised) == ["credentials-missing"]


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(ActionError) as raised:
        Account(REGION, "no-such-profile").identity  # noqa: B018
    assert slugs(raised) == ["credentials-missing"]
    assert "no-such-profile" in raised.value.diagnostics[0].details[0]


@pytest.mark.parametrize(
    ("status", "body", "slug"),
    [
        (403, EXPIRED, "credentials-expired"),
        (403, DENIED.replace("AccessDenied", "InvalidClientTokenId"), "credentials-refused"),
        (403, DENIED, "access-denied"),
        (400, DENIED.replace("AccessDenied", "Strange").replace("Access Denied", "Odd"), "aws-failed"),
    ],
)
def test_refusals_of_aws_have_slugs(monkeypatch: pytest.MonkeyPatch, status: int, body: str, slug: str) -> None:
    with answering(status, f"<ErrorResponse>{body}</ErrorResponse>") as url, pytest.raises(ActionError) as raised:
        at(url, monkeypatch).identity  # noqa: B018
    assert slugs(raised) == [slug]


def test_without_a_network_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ActionError) as raised:
        at("http://127.0.0.1:9", monkeypatch).identity  # noqa: B018
    assert slugs(raised) == ["no-network"]


@pytest.mark.finding("A8")
def test_zones_have_ids_by_their_names_and_by_subnets_in_them(account: Account) -> None:
    names = [f"{REGION}a", f"{REGION}b"]
    found = account.zone_ids(names)
    assert found.keys() == {*names}
    assert all("-az" in each for each in found.values())
    subnet = account.client("ec2").describe_subnets()["Subnets"][0]
    assert account.zone_ids([subnet["SubnetId"]]) == {subnet["SubnetId"]: subnet["AvailabilityZoneId"]}
    assert account.zone_ids([]) == {}


def test_regions_that_do_not_exist_or_are_not_enabled_are_told(account: Account) -> None:
    assert account.check_region() == ()
    assert [each.code for each in Account("eu-central-9").check_region()] == ["region-not-enabled"]
    (found,) = Account("me-south-1").check_region()
    assert found.message == "the region `me-south-1` is not enabled in this account"


def test_a_bucket_of_our_own_is_no_problem(account: Account) -> None:
    account.client("s3").create_bucket(Bucket="own", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert account.check_bucket_name("own") == account.check_bucket_name("free") == ()


def test_a_bucket_of_somebody_else_is_taken(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    who = account.identity
    with answering(403, DENIED) as url:
        other = at(url, monkeypatch)
        other.identity = who
        (found,) = other.check_bucket_name("theirs")
    assert found.code == "bucket-taken"
    assert "`theirs`" in found.message


def test_quotas_that_would_be_exceeded_are_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "client", limited(Account.client, {"L-F678F1CE": 1, "L-0263D0A3": 5}))
    assert account.check_quotas(Needs()) == ()
    (found,) = account.check_quotas(Needs(vpcs=1, addresses=5))
    assert found.code == "quota-exceeded"
    assert found.message == f"the stack needs 1 VPCs, and only 0 of 1 are left in `{REGION}`"


def test_virtual_cpus_are_counted_by_family(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = account.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1)
    standard = account.cpus(("m", "t"))
    assert standard > 0
    assert account.cpus(("g", "vt")) == 0
    monkeypatch.setattr(Account, "client", limited(Account.client, {"L-1216C47A": standard + 1}))
    codes = [each.code for each in account.check_quotas(Needs(cpus=2, clusters=1))]
    assert codes == ["not-checked", "quota-exceeded"]


def limited(client, limits):
    """Return a way to get clients whose quotas are `limits`; others cannot be read."""

    class Quotas:
        def get_service_quota(self, ServiceCode, QuotaCode):  # noqa: N803
            from botocore.exceptions import ClientError

            if QuotaCode not in limits:
                raise ClientError({"Error": {"Code": "NoSuchResourceException", "Message": "?"}}, "GetServiceQuota")
            return {"Quota": {"Value": float(limits[QuotaCode])}}

    return lambda self, service, region=None: Quotas() if service == "service-quotas" else client(self, service, region)


@pytest.mark.parametrize(
    ("env", "config", "credentials", "found"),
    [
        ({}, "", "", False),
        ({}, "[default]\nregion = eu-central-1\n", "", False),
        ({"AWS_ACCESS_KEY_ID": "x"}, "", "", True),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/x"}, "", "", True),
        ({}, "[profile a]\nsso_session = x\n", "", True),
        ({}, "", "[default]\naws_access_key_id = x\n", True),
    ],
)
def test_credentials_are_found_cheaply(
    tmp_path: Path, env: dict[str, str], config: str, credentials: str, found: bool
) -> None:
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text(config)
    (folder / "credentials").write_text(credentials)
    assert find_credentials({"HOME": str(tmp_path), **env}) is found


def test_importing_the_driver_does_not_load_boto3() -> None:
    code = "import sys\nimport platinfra.drivers.aws_account, platinfra.drivers.aws_state\nsys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert find_credentials({"HOME": "/nonexistent"}) is False
