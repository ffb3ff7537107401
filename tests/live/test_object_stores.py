"""Swift as the object store of a machine: what one client writes another finds, and nothing that it took is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .asked import LOOPBACK, listeners
from .stack import Ended, Stack, eventually

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(590)]
LONG = 200
FILE = """\
name: objects
stack:
  experiment_tracker: [mlflow]
  data_versioning: [dvc]
  object_store: [swift]
"""
SERVERS = ("account", "container", "object", "updater", "proxy")
TRACK = """
import mlflow
mlflow.set_experiment("kept")
with mlflow.start_run():
    mlflow.log_text("by the client of MLflow", "note.txt")
"""
FIND = """
import boto3
found = [each for each in boto3.resource("s3").Bucket("mlflow-objects").objects.all() if each.key.endswith("note.txt")]
print([each.get()["Body"].read().decode() for each in found])
"""
WRITE = """
import boto3
from botocore.config import Config
bucket = boto3.resource("s3", config=Config(connect_timeout=3, read_timeout=20, retries={"max_attempts": 20})).Bucket("kept")
bucket.create()
for number in range(1_000_000):
    bucket.put_object(Key=f"{number:07}", Body=b"event")
    print(number, flush=True)
"""
COUNT = """
import boto3
print(sum(each.get()["Body"].read() == b"event" for each in boto3.resource("s3").Bucket("kept").objects.all()))
"""
LARGE = """
import boto3, io, os
from boto3.s3.transfer import TransferConfig
bucket, body = boto3.resource("s3").Bucket("mlflow-objects"), os.urandom(12_000_000)
bucket.upload_fileobj(io.BytesIO(body), "large", Config=TransferConfig(multipart_threshold=5_000_000, multipart_chunksize=5_242_880))
found = bucket.Object("large").get()["Body"]
print(found.read() == body, "-" in bucket.Object("large").e_tag)
"""
INTRUDE = """
import boto3, sys
from botocore.exceptions import ClientError
user, password, *buckets = sys.argv[1:]
store = boto3.client("s3", aws_access_key_id=user, aws_secret_access_key=password)
for bucket in buckets:
    for ask in (lambda: store.list_objects_v2(Bucket=bucket), lambda: store.put_object(Bucket=bucket, Key="by", Body=b"me")):
        try:
            ask()
            print("done")
        except ClientError as error:
            print(error.response["Error"]["Code"])
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; after the last test it is stopped, and nothing but its folder is left."""
    made = Stack(tmp_path_factory.mktemp("objects") / "a stack")
    for each in ("swift", "mlflow", "dvc", "postgres"):
        made.catalog(each)
    made.file.write_text(FILE)
    try:
        up = made.run("up", within=LONG)
        assert up.code == 0, up.text
        made.assert_healthy()
        yield made
        made.usual |= {each.laddr.port for each in listeners(made)}
        assert made.run("down").code == 0
        made.assert_nothing_left()
    finally:
        made.end()


def python(stack: Stack, text: str, *words: str) -> Ended:
    """Run code of the project."""
    done = stack.run("run", "--", "python", "-c", text, *words, within=LONG)
    assert done.code == 0, done.text
    return done


def test_what_the_client_of_mlflow_writes_boto3_finds(stack: Stack) -> None:
    python(stack, TRACK)
    assert python(stack, FIND).out == "['by the client of MLflow']\n"


def test_a_large_object_is_kept_in_parts(stack: Stack) -> None:
    assert python(stack, LARGE).out == "True True\n"


def test_each_wire_has_a_login_for_its_own_bucket(stack: Stack) -> None:
    password = stack.read("secrets.json")["mlflow"]["artifacts-password"]
    own, others = (
        python(stack, INTRUDE, "stack:mlflow", password, each).out.split() for each in ("mlflow-objects", "dvc-objects")
    )
    assert own == ["done", "done"]
    assert others == ["AccessDenied", "AccessDenied"]
    for user in ("stack:mlflow", "stack:nobody"):
        wrong = python(stack, INTRUDE, user, "wrong", "mlflow-objects").out.split()
        assert wrong == ["SignatureDoesNotMatch"] * 2


def test_no_secret_is_in_a_command_line(stack: Stack) -> None:
    secrets = [value.encode() for each in stack.read("secrets.json").values() for value in each.values()]
    arguments = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in stack.family())
    assert arguments
    assert not [secret for secret in secrets if secret in arguments]


def test_it_listens_on_loopback_alone(stack: Stack) -> None:
    found = listeners(stack)
    assert {port for name, port in stack.ports().items() if name.startswith("swift.")} <= {
        each.laddr.port for each in found
    }
    assert [each for each in found if not each.laddr.ip.startswith(LOOPBACK)] == []


def test_nothing_that_was_taken_is_lost_whatever_is_killed(stack: Stack) -> None:
    writer = stack.command("run", "--", "python", "-c", WRITE)
    assert writer.stdout
    taken = 0
    for each in SERVERS:
        for _ in range(20):
            assert writer.stdout.readline().strip().isdigit()
            taken += 1
        stack.crash(f"swift.{each}")
    for _ in range(20):
        assert writer.stdout.readline().strip().isdigit()
        taken += 1
    writer.kill()
    taken += len(writer.stdout.read().splitlines())
    writer.communicate(timeout=30)
    eventually(lambda: all(each["health"] == "healthy" for each in stack.status().values()), 60)
    # What the bucket's server missed while it was down, it hears of from the updater.
    eventually(lambda: taken <= int(python(stack, COUNT).out) <= taken + 1, 60)
    done = stack.run("check", "--json", within=LONG)
    assert done.code == 0, done.text
    assert json.loads(done.out)
