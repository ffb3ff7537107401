"""Terraform tells what it does, ends gracefully, and fails with a diagnostic; AWS is a moto server."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.drivers import terraform_events as events
from platinfra.drivers.terraform import Terraform, find
from platinfra.drivers.terraform_problems import explain
from tests import moto_server
from tests.terraform import TERRAFORM, cli_config

from .answers import DENIED, EXPIRED, answering
from .programs import eventually, lives

pytestmark = pytest.mark.live

needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH")
BUCKET = "states"
PROVIDER = {
    "region": moto_server.REGION,
    "skip_credentials_validation": True,
    "skip_metadata_api_check": True,
    "s3_use_path_style": True,
    "max_retries": 2,
}
BACKEND = {
    "bucket": BUCKET,
    "region": moto_server.REGION,
    "use_lockfile": True,
    "use_path_style": True,
    "skip_credentials_validation": True,
    "skip_metadata_api_check": True,
    "skip_requesting_account_id": True,
    "max_retries": 1,
}
SLOW = {"terraform_data": {"slow": {"provisioner": [{"local-exec": {"command": "sleep 5"}}]}}}
"""Needs no provider, and is marked as half-made when it is interrupted."""
Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server.moto() as url:
        client(url, "s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": moto_server.REGION}
        )
        yield url


def client(url: str, service: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, endpoint_url=url, region_name=moto_server.REGION, **keys)


class Root:
    """A small root module with a state of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.name, self.url = folder / "root", folder.name.replace("_", "-").strip("-")[-40:], url
        self.folder.mkdir()
        self.key = f"{self.name}.tfstate"
        self.env = moto_server.surroundings(url) | {"TF_CLI_CONFIG_FILE": str(cli_config(folder))}
        self.terraform = Terraform(self.folder, self.env)
        self.planfile = folder / "plan"

    def write(self, resources: Resources, **more: Any) -> "Root":
        providers = {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}} if "aws_" in str(resources) else {}
        content = {
            "terraform": {"required_providers": providers, "backend": {"s3": BACKEND | {"key": self.key}}},
            **({"provider": {"aws": PROVIDER}} if providers else {}),
            "variable": {"name": {"type": "string", "default": self.name}},
            **({"resource": resources} if resources else {}),
            **more,
        }
        (self.folder / "main.tf.json").write_text(json.dumps(content))
        return self

    def apply(self, on_event: Callable[[events.Event], None] = lambda _: None) -> None:
        self.terraform.init()
        self.terraform.plan(self.planfile)
        self.terraform.apply(self.planfile, on_event)

    def locked(self) -> bool:
        listed = client(self.url, "s3").list_objects_v2(Bucket=BUCKET, Prefix=self.key).get("Contents", [])
        return any(each["Key"].endswith(".tflock") for each in listed)


@pytest.fixture
def root(tmp_path: Path, endpoint: str) -> Root:
    return Root(tmp_path, endpoint)


def bucket(name: str = "${var.name}") -> Resources:
    return {"aws_s3_bucket": {"one": {"bucket": name, "force_destroy": True}}}


@needs_terraform
def test_a_root_is_planned_applied_and_destroyed_with_events(root: Root) -> None:
    heard: list[events.Event] = []
    secret = {"aws_secretsmanager_secret": {"two": {"name": "${var.name}", "recovery_window_in_days": 0}}}
    root.write(bucket() | secret, output={"bucket": {"value": "${aws_s3_bucket.one.id}"}})
    root.terraform.init()
    planned = root.terraform.plan(root.planfile, variables={"name": f"{root.name}-x"})
    assert planned.changed
    assert {(each.resource.address, each.action) for each in planned.changes} == {
        ("aws_s3_bucket.one", "create"),
        ("aws_secretsmanager_secret.two", "create"),
    }
    assert {each["type"] for each in root.terraform.show(root.planfile)["resource_changes"]} == {
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
    }
    root.terraform.apply(root.planfile, heard.append)
    assert root.terraform.output() == {"bucket": f"{root.name}-x"}
    steps = [
        each.phase
        for each in heard
        if isinstance(each, events.ResourceStep) and each.resource.resource_type == "aws_s3_bucket"
    ]
    assert (steps[0], steps[-1]) == ("started", "done")
    assert root.terraform.state_list() == ("aws_s3_bucket.one", "aws_secretsmanager_secret.two")
    root.terraform.state_rm(["aws_secretsmanager_secret.two"])
    root.terraform.destroy({"name": f"{root.name}-x"})
    assert root.terraform.state_list() == ()
    assert not root.locked()


@needs_terraform
def test_what_was_changed_by_others_is_drift(root: Root) -> None:
    root.write(bucket()).apply()
    client(root.url, "s3").delete_bucket(Bucket=root.name)
    planned = root.terraform.plan()
    assert [(each.resource.address, each.action) for each in planned.drifted] == [("aws_s3_bucket.one", "delete")]
    assert [(each.resource.address, each.action) for each in planned.changes] == [("aws_s3_bucket.one", "create")]


@needs_terraform
def test_an_initialised_folder_is_not_initialised_again(root: Root) -> None:
    root.write(bucket()).terraform.init()
    started = time.monotonic()
    root.terraform.init()
    assert time.monotonic() - started < 0.2
    (root.folder / "modules" / "m").mkdir(parents=True)
    (root.folder / "modules" / "m" / "main.tf").write_text('output "x" { value = "y" }\n')
    root.write({}, module={"m": {"source": "./modules/m"}}, output={"x": {"value": "${module.m.x}"}})
    root.terraform.init()
    root.apply()
    assert root.terraform.output() == {"x": "y"}


@needs_terraform
def test_an_invalid_root_is_told_with_its_place(root: Root) -> None:
    root.write({"aws_s3_bucket": {"one": {"bukket": "x"}}}).terraform.init()
    with pytest.raises(ActionError) as raised:
        root.terraform.plan()
    (found,) = raised.value.diagnostics
    assert found.code == "terraform-failed"
    assert "main.tf.json line 1" in found.details
    assert any("bukket" in each for each in found.details)


@pytest.mark.slow
@needs_terraform
def test_a_failure_in_the_middle_names_its_resource_and_keeps_the_rest(root: Root) -> None:
    client(root.url, "iam").create_role(RoleName=root.name, AssumeRolePolicyDocument="{}")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    root.write(bucket() | {"aws_iam_role": {"two": {"name": root.name, "assume_role_policy": trust}}})
    with pytest.raises(ActionError) as raised:
        root.apply()
    (found,) = raised.value.diagnostics
    assert found.code == "resource-exists"
    assert "`aws_iam_role.two`" in found.message
    assert root.terraform.state_list() == ("aws_s3_bucket.one",)
    assert not root.locked()


@pytest.mark.slow
@needs_terraform
def test_an_unknown_failure_keeps_the_words_of_terraform(root: Root) -> None:
    root.write({"aws_sqs_queue": {"one": {"name": root.name, "redrive_policy": '{"deadLetterTargetArn":"x"}'}}})
    with pytest.raises(ActionError) as raised:
        root.apply()
    (found,) = raised.value.diagnostics
    assert found.code == "terraform-failed"
    assert found.message.startswith("`aws_sqs_queue.one` failed: creating SQS Queue")


@pytest.mark.slow
@needs_terraform
def test_a_held_lock_names_its_holder_and_can_be_released(root: Root) -> None:
    root.write(bucket()).apply()
    lock = {
        "ID": "8f1d1c6c-0000-4000-8000-000000000001",
        "Operation": "OperationTypeApply",
        "Who": "ada@laptop",
        "Version": "1.11.4",
        "Created": "2026-01-02T03:04:05.678Z",
        "Info": "",
        "Path": f"{BUCKET}/{root.key}",
    }
    client(root.url, "s3").put_object(Bucket=BUCKET, Key=f"{root.key}.tflock", Body=json.dumps(lock).encode())
    with pytest.raises(ActionError) as raised:
        root.terraform.plan()
    (found,) = raised.value.diagnostics
    assert found.code == "state-locked"
    assert (
        found.message == f"the state has been locked by `ada@laptop` since 2026-01-02 03:04:05 (apply, id {lock['ID']})"
    )
    client(root.url, "s3").delete_object(Bucket=BUCKET, Key=f"{root.key}.tflock")
    assert not root.terraform.plan().changed


@needs_terraform
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_in_the_middle_leaves_no_lock_and_the_next_apply_goes_on(root: Root) -> None:
    later = {"after": {"depends_on": ["terraform_data.slow"]}}
    root.write({"terraform_data": SLOW["terraform_data"] | later})

    def interrupt(event: events.Event) -> None:
        if isinstance(event, events.ResourceStep) and event.phase == "started":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        root.apply(interrupt)
    assert not root.locked()
    assert root.terraform.state_list() == ("terraform_data.slow",)
    root.apply()
    assert root.terraform.state_list() == ("terraform_data.after", "terraform_data.slow")


@needs_terraform
def test_a_state_that_could_not_be_saved_is_saved_the_next_time(root: Root) -> None:
    root.write({"terraform_data": {"one": {"provisioner": [{"local-exec": {"command": "sleep 1"}}]}}})
    s3, content = client(root.url, "s3"), (root.folder / "main.tf.json").read_text()
    location = {"LocationConstraint": moto_server.REGION}
    s3.create_bucket(Bucket=root.name, CreateBucketConfiguration=location)
    (root.folder / "main.tf.json").write_text(content.replace(f'"{BUCKET}"', f'"{root.name}"'))

    def lose(event: events.Event) -> None:
        if isinstance(event, events.ResourceStep) and event.phase == "started":
            s3.delete_object(Bucket=root.name, Key=f"{root.key}.tflock")
            s3.delete_bucket(Bucket=root.name)

    with pytest.raises(ActionError) as raised:
        root.apply(lose)
    assert "state-not-saved" in {each.code for each in raised.value.diagnostics}
    s3.create_bucket(Bucket=root.name, CreateBucketConfiguration=location)
    root.terraform.init()
    assert root.terraform.state_list() == ("terraform_data.one",)
    assert not root.terraform.plan().changed
    assert not (root.folder / "errored.tfstate").exists()


@needs_terraform
def test_terraform_ends_gracefully_when_its_parent_is_killed(root: Root, tmp_path: Path) -> None:
    root.write(SLOW).terraform.init()
    root.terraform.plan(root.planfile)
    code = (
        "import sys\nfrom pathlib import Path\nfrom platinfra.drivers.terraform import Terraform\n"
        "Terraform(Path(sys.argv[1])).apply(Path(sys.argv[2]), lambda event: print(event, flush=True))\n"
    )
    command = [sys.executable, "-c", code, str(root.folder), str(root.planfile)]
    parent = subprocess.Popen(command, env={**os.environ, **root.env}, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    next(line for line in parent.stdout if "started" in line)
    (child,) = [int(each) for each in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    parent.kill()
    parent.wait()
    assert lives(child)
    eventually(lambda: not lives(child), within=60)
    eventually(lambda: not root.locked())
    assert root.terraform.state_list() == ("terraform_data.slow",)


@needs_terraform
def test_no_value_of_a_variable_stands_on_the_command_line(root: Root) -> None:
    root.write(bucket()).terraform.init()
    seen: set[str] = set()
    planned = threading.Event()

    def look() -> None:
        while not planned.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(path.read_text())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        root.terraform.plan(variables={"name": "a-very-secret-name"})
    finally:
        planned.set()
        looking.join()
    assert any("terraform" in each for each in seen)
    assert not any("a-very-secret-name" in each for each in seen)


@needs_terraform
@pytest.mark.parametrize(
    ("status", "body", "slug"), [(400, EXPIRED, "credentials-expired"), (403, DENIED, "access-denied")]
)
def test_refused_credentials_are_told_by_the_backend_already(tmp_path: Path, status: int, body: str, slug: str) -> None:
    with answering(status, body) as url:
        root = Root(tmp_path, url).write(bucket())
        with pytest.raises(ActionError) as raised:
            root.apply()
    assert {each.code for each in raised.value.diagnostics} == {slug}


@pytest.mark.parametrize(
    ("summary", "slug", "words"),
    [
        (
            "api error UnauthorizedOperation: User: a is not authorized to perform: ec2:CreateVpc on resource: x:vpc/* because",
            "access-denied",
            "AWS does not allow `ec2:CreateVpc` on `x:vpc/*` for `a.b`",
        ),
        (
            "creating S3 Bucket: operation error S3: CreateBucket, https response error StatusCode: 403, AccessDenied",
            "access-denied",
            "AWS does not allow `CreateBucket` for `a.b`",
        ),
        ("creating EC2 VPC: api error VpcLimitExceeded: The maximum number", "quota-exceeded", "`a.b` exceeds a quota"),
        ("api error RequestLimitExceeded: Request limit exceeded.", "terraform-failed", "`a.b` failed: api error"),
        (
            "api error BucketAlreadyExists",
            "resource-exists",
            "`a.b` already exists in the account and was not created by this stack",
        ),
        ("dial tcp: lookup sts.eu-central-1.amazonaws.com: no such host", "no-network", "cannot be reached"),
        ("No valid credential sources found", "credentials-missing", "no AWS credentials"),
        ("api error InvalidClientTokenId: The security token is invalid", "credentials-refused", "does not accept"),
        ("api error ExpiredTokenException: expired", "credentials-expired", "have expired"),
        ("Failed to query available provider packages", "provider-unavailable", "cannot get the AWS provider"),
        ("Something else.", "terraform-failed", "`a.b` failed: something else"),
    ],
)
def test_known_problems_have_a_slug_of_their_own(summary: str, slug: str, words: str) -> None:
    found = explain(events.Problem("error", summary, "", "a.b"), "terraform-failed")
    assert found.code == slug
    assert words in found.message


@pytest.mark.parametrize("line", ["", "text", "[]", "{}", '{"type": "version", "terraform": "1.11.4"}'])
def test_lines_that_tell_nothing_are_no_events(line: str) -> None:
    assert events.load_event(line) is None


def program(folder: Path, name: str, output: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '%s' '{output}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_without_terraform_the_error_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError) as raised:
        find({"PATH": str(tmp_path), "PLATINFRA_TERRAFORM": ""})
    (found,) = raised.value.diagnostics
    assert found.code == "terraform-missing"
    assert "`terraform` or `tofu` is not installed" in found.message
    assert "PLATINFRA_TERRAFORM" in (found.hint or "")


@pytest.mark.parametrize("output", ['{"terraform_version": "1.9.8"}', "no JSON", "{}"])
def test_an_old_or_strange_terraform_is_refused(tmp_path: Path, output: str) -> None:
    program(tmp_path, "terraform", output)
    with pytest.raises(PlatinfraError) as raised:
        find({"PATH": f"{tmp_path}:/bin:/usr/bin", "PLATINFRA_TERRAFORM": "terraform"})
    assert [each.code for each in raised.value.diagnostics] == ["terraform-too-old"]


def test_a_new_tofu_serves_beside_an_old_terraform(tmp_path: Path) -> None:
    program(tmp_path, "terraform", '{"terraform_version": "1.5.7"}')
    tofu = program(tmp_path, "tofu", '{"terraform_version": "1.12.0-rc1"}')
    assert find({"PATH": f"{tmp_path}:/bin:/usr/bin", "PLATINFRA_TERRAFORM": ""}) == (str(tofu), "1.12.0-rc1")
    named = program(tmp_path / "elsewhere", "mine", '{"terraform_version": "1.13.0"}')
    assert find({"PLATINFRA_TERRAFORM": str(named)}) == (str(named), "1.13.0")
