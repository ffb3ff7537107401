"""What goes wrong on AWS, with a small stack against moto: nothing is lost, and the next command goes on."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.moto_server import moto, surroundings
from tests.targets.aws.conftest import Cloud, client, ended
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.stacks import ACCOUNT
from tests.terraform import TERRAFORM

pytestmark = [
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH"),
    pytest.mark.timeout(600),
    pytest.mark.live,
    pytest.mark.own_providers,  # they are killed, and see other accounts
]
DVC = "\n  data_versioning: [dvc]"
GLUE = "\n  data_processing: [glue]"
OWN_BUCKET = "\n  object_store: [s3: {settings: {bucket: company-data}}]"
# Everything slow is there already.
HEAD = f"""
name: tiny
provider: {{name: aws, account-id: "{ACCOUNT}", region: eu-central-1}}
deployment:
  applications: gitops
  network:
    vpc-id: vpc-0a1b2c3d4e5f60718
    private-subnets: [subnet-0a1b2c3d4e5f60711, subnet-0a1b2c3d4e5f60712]
    database-subnets: [subnet-0a1b2c3d4e5f60713, subnet-0a1b2c3d4e5f60714]
  cluster: {{name: company, security-group: sg-0a1b2c3d4e5f60715}}
stack:
  encryption_key: [kms: {{settings: {{key_arn: "arn:aws:kms:eu-central-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"}}}}]"""
QUICK = HEAD + OWN_BUCKET + DVC + GLUE
"""Roles and a table catalog: seconds."""
LONG = HEAD + DVC
"""With a bucket, whose rules the provider watches for most of a minute."""
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/operator"
KEYS = {
    "AccessKeyId": "AWS_ACCESS_KEY_ID",
    "SecretAccessKey": "AWS_SECRET_ACCESS_KEY",
    "SessionToken": "AWS_SESSION_TOKEN",
}
PLACE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}
STATE, KEY = f"platinfra-state-{ACCOUNT}-eu-central-1", "tiny/default.tfstate"
EXPIRED = (
    b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The token is expired</Message></Error></ErrorResponse>"
)


@pytest.fixture
def company(cloud: Cloud) -> Cloud:
    """Return an account that has a cluster."""
    role = f"arn:aws:iam::{ACCOUNT}:role/cluster"
    subnets = [each["SubnetId"] for each in cloud.client("ec2").describe_subnets()["Subnets"]]
    cloud.client("eks").create_cluster(name="company", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    return cloud


def theirs(cloud: Cloud) -> set[str]:
    """Return what is in the account, but the cluster that was there."""
    return {each for each in leftovers(cloud.url) if "company" not in each}


def wait_for(found: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError("it never came")


def stored(cloud: Cloud, key: str) -> str:
    try:
        return cloud.client("s3").get_object(Bucket=STATE, Key=key)["Body"].read().decode()
    except ClientError:
        return ""


def in_the_middle(cloud: Cloud) -> "subprocess.Popen[str]":
    """Start an `up` and wait until nearly everything is made."""
    started = cloud.start("up", "--yes")
    wait_for(lambda: has_rules(cloud) or started.poll() is not None)
    assert started.poll() is None, ended(started).said
    assert stored(cloud, f"{KEY}.tflock")
    return started


def has_rules(cloud: Cloud) -> bool:
    try:
        return bool(cloud.client("s3").get_bucket_lifecycle_configuration(Bucket=f"tiny-s3-{ACCOUNT}")["Rules"])
    except ClientError:
        return False


def finishes(cloud: Cloud) -> None:
    cloud.does("up", "--yes")
    assert "nothing to do" in cloud.does("plan", "--exit-code")


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_up_is_finished_by_the_next(company: Cloud) -> None:
    company.write(LONG)
    started = in_the_middle(company)
    done = company.beside("colleague").run("up", "--yes")
    assert (done.code, "state-locked" in done.said) == (1, True), done.said
    os.kill(started.pid, signal.SIGINT)
    assert ended(started).code == 130
    assert not stored(company, f"{KEY}.tflock")
    finishes(company)


@pytest.mark.slow
def test_a_killed_up_leaves_at_most_a_lock(company: Cloud) -> None:
    company.write(LONG)
    started = in_the_middle(company)
    os.kill(started.pid, signal.SIGKILL)
    started.communicate()
    wait_for(lambda: not stored(company, f"{KEY}.tflock"))
    started = company.start("up", "--yes")
    wait_for(lambda: "Apply" in stored(company, f"{KEY}.tflock") or started.poll() is not None)
    kill_all(started)
    done = company.run("up", "--yes")
    assert (done.code, "state-locked" in done.said) == (1, True), done.said
    assert "not-confirmed" in company.run("unlock").said
    assert "released the lock of" in company.run("unlock", "--yes").said
    assert "there is no lock" in company.run("unlock").said
    finishes(company)


def kill_all(started: "subprocess.Popen[str]") -> None:
    """Kill a command, Terraform and its provider at once, as a power cut does."""
    found = psutil.Process(started.pid)
    for each in (found, *found.children(recursive=True)):
        each.kill()
    started.communicate()


@pytest.mark.slow
def test_the_wrong_account_is_not_touched(company: Cloud) -> None:
    company.write(QUICK.replace(ACCOUNT, "111111111111"))
    for command in (("up", "--yes"), ("plan",), ("drift",), ("unlock",)):
        done = company.run(*command)
        assert (done.code, "wrong-account" in done.said) == (2, True), done.said
    assert theirs(company) == set()


def test_expired_credentials_say_so(company: Cloud) -> None:
    company.write(QUICK)
    with answering(EXPIRED) as url:
        done = company.run("up", "--yes", AWS_ENDPOINT_URL=url)
    assert (done.code, "credentials-expired" in done.said) == (1, True), done.said
    assert theirs(company) == set()


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """Run a server that refuses every request with the same content."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.slow
def test_a_missing_terraform_is_found_before_anything_is_made(company: Cloud) -> None:
    company.write(QUICK)
    done = company.run("up", "--yes", PATH="/nowhere", PLATINFRA_TERRAFORM="")
    assert (done.code, "terraform-missing" in done.said) == (2, True), done.said
    assert theirs(company) == set()


@pytest.mark.slow
def test_what_exists_already_is_named_and_the_rest_stays(company: Cloud) -> None:
    company.write(QUICK)
    roles = company.client("iam")
    roles.create_role(RoleName="tiny-glue", AssumeRolePolicyDocument="{}")
    done = company.run("up", "--yes")
    assert (done.code, "resource-exists" in done.said) == (1, True), done.said
    assert "module.identity_glue__main.aws_iam_role.this" in done.said
    assert roles.get_role(RoleName="tiny-dvc")
    roles.delete_role(RoleName="tiny-glue")
    finishes(company)


@pytest.mark.slow
def test_a_taken_state_bucket_stops_before_anything_is_made(cloud: Cloud) -> None:
    with moto() as url:
        client(url, "s3").create_bucket(Bucket=STATE, **PLACE)
        keys = client(url, "sts").assume_role(RoleArn=OPERATOR, RoleSessionName="operator")["Credentials"]
        cloud.write(QUICK)
        done = cloud.run("up", "--yes", **(surroundings(url) | {KEYS[name]: keys[name] for name in KEYS}))
        assert (done.code, "bucket-taken" in done.said) == (1, True), done.said
        assert theirs(cloud) == set()


@pytest.mark.slow
def test_up_puts_back_what_was_changed_by_hand(company: Cloud) -> None:
    company.write(QUICK)
    company.does("up", "--yes")
    policies = company.client("iam").list_role_policies(RoleName="tiny-dvc")["PolicyNames"]
    company.client("iam").delete_role_policy(RoleName="tiny-dvc", PolicyName=policies[0])
    company.client("glue").delete_job(JobName="tiny-glue")
    found = json.loads(company.does("drift", "--exit-code", "--json", code=3))["drift"]
    assert [(each["component"], each["attribute"], each["after"]) for each in found] == [
        ("glue", "", None),
        ("dvc", "", None),
    ]
    finishes(company)
    assert "nothing was changed by hand" in company.does("drift", "--exit-code")


@pytest.mark.slow
def test_losing_data_needs_the_name_of_the_stack(company: Cloud) -> None:
    company.write(QUICK)
    company.does("up", "--yes")
    company.write(QUICK.replace(GLUE, ""))
    assert "LOSES the table definitions" in company.does("plan")
    # What is planned is no drift, and neither plan nor a refused `up` changes what was applied.
    assert company.run("up", "--yes").code == 2
    assert json.loads(company.does("drift", "--json")) == {"drift": []}
    assert company.run("up", "--confirm", "other").code == 2
    assert "glue tiny-glue" in " ".join(theirs(company)).replace("_", "-")
    company.does("up", "--confirm", "tiny")
    assert not [each for each in theirs(company) if each.startswith("glue")]


@pytest.mark.slow
def test_a_lost_folder_does_not_keep_a_stack_from_going(company: Cloud) -> None:
    company.write(QUICK)
    company.does("up", "--yes")
    shutil.rmtree(company.state)
    assert "nothing to do" in company.does("plan", "--exit-code")
    shutil.rmtree(company.state)
    assert company.run("down").code == 2
    assert company.run("down", "--delete-data", "--confirm", "other").code == 2
    company.does("down", "--delete-data", "--confirm", "tiny")
    assert theirs(company) == set()
