"""A repeated attempt gets the answer of the first: when an answer is lost, nothing is created twice or refused."""

import boto3
import pytest

from tests.moto_server import REGION, moto, surroundings

pytestmark = pytest.mark.live


def test_a_repeated_attempt_gets_the_answer_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with moto() as url:
        for name, value in surroundings(url).items():
            monkeypatch.setenv(name, value)
        client = boto3.client("ec2", region_name=REGION, endpoint_url=url)
        vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        call = [b"one"]
        client.meta.events.register(
            "before-send.ec2.CreateSubnet",
            lambda request, **_: request.headers.__setitem__("amz-sdk-invocation-id", call[0]),
        )
        first = client.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        assert client.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"] == first
        call[0] = b"two"
        with pytest.raises(client.exceptions.ClientError, match=r"InvalidSubnet\.Conflict"):
            client.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
