"""The moto server of the tests refuses what a role's policies do not allow, for every service the tools use."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.moto_server import ACCOUNT, REGION, enforce, moto

pytestmark = pytest.mark.live

NAME, OTHER = "own", "other"
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/own-execution"
TASK = {"taskDefinition": NAME, "cluster": NAME, "launchType": "FARGATE"}


def arn(service: str, tail: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{tail}"


STATEMENTS = [
    ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:own/a-??????"), {}),
    ("dynamodb:GetItem", arn("dynamodb", f"table/{NAME}"), {}),
    ("batch:SubmitJob", [arn("batch", f"job-queue/{NAME}"), arn("batch", f"job-definition/{NAME}")], {}),
    ("batch:DescribeJobs", "*", {}),
    ("states:StartExecution", arn("states", f"stateMachine:{NAME}"), {}),
    ("ecs:RunTask", arn("ecs", f"task-definition/{NAME}:*"), {"ArnEquals": {"ecs:cluster": arn("ecs", "cluster/own")}}),
    ("ecs:RegisterTaskDefinition", "*", {}),
    ("sagemaker:DescribeModelPackageGroup", arn("sagemaker", f"model-package-group/{NAME}"), {}),
    ("sns:Publish", arn("sns", NAME), {}),
    ("glue:GetJob", arn("glue", f"job/{NAME}"), {}),
    ("ecr:DescribeImages", arn("ecr", f"repository/{NAME}/*"), {}),
    ("s3:ListBucket", f"arn:aws:s3:::{NAME}", {"StringLike": {"s3:prefix": [f"{NAME}/*"]}}),
    ("s3:PutObject", f"arn:aws:s3:::{NAME}/{NAME}/*", {}),
    ("kms:DescribeKey", "KEY", {"StringEquals": {"aws:RequestedRegion": REGION}}),
    ("kms:Decrypt", "KEY", {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}),
    ("iam:PassRole", EXECUTION, {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
    ("cloudwatch:PutMetricData", "*", {}),
]

ALLOWED = {
    "secretsmanager": ("get_secret_value", {"SecretId": "own/a"}),
    "dynamodb": ("get_item", {"TableName": NAME, "Key": {"a": {"S": "x"}}}),
    "batch": ("submit_job", {"jobName": "x", "jobQueue": NAME, "jobDefinition": NAME}),
    "batch list": ("describe_jobs", {"jobs": ["x"]}),
    "stepfunctions": ("start_execution", {"stateMachineArn": arn("states", f"stateMachine:{NAME}")}),
    "ecs": ("run_task", TASK),
    "ecs register": (
        "register_task_definition",
        {"family": "x", "executionRoleArn": EXECUTION, "containerDefinitions": [{"name": "a", "image": "b"}]},
    ),
    "sagemaker": ("describe_model_package_group", {"ModelPackageGroupName": NAME}),
    "sns": ("publish", {"TopicArn": arn("sns", NAME), "Message": "x"}),
    "glue": ("get_job", {"JobName": NAME}),
    "ecr": ("describe_images", {"repositoryName": "own/a"}),
    "s3 list": ("list_objects_v2", {"Bucket": NAME, "Prefix": "own/x"}),
    "s3": ("put_object", {"Bucket": NAME, "Key": "own/x"}),
    "kms": ("describe_key", {"KeyId": "alias/own"}),
    "cloudwatch": ("put_metric_data", {"Namespace": "x", "MetricData": [{"MetricName": "y", "Value": 1}]}),
}
DENIED = {
    "secretsmanager": ("get_secret_value", {"SecretId": "own/abc"}),
    "dynamodb": ("get_item", {"TableName": OTHER, "Key": {"a": {"S": "x"}}}),
    "batch": ("submit_job", {"jobName": "x", "jobQueue": NAME, "jobDefinition": OTHER}),
    "batch queue": ("submit_job", {"jobName": "x", "jobQueue": OTHER, "jobDefinition": NAME}),
    "stepfunctions": ("start_execution", {"stateMachineArn": arn("states", f"stateMachine:{OTHER}")}),
    "ecs": ("run_task", TASK | {"taskDefinition": OTHER}),
    "ecs cluster": ("run_task", TASK | {"cluster": OTHER}),
    "ecs register": (
        "register_task_definition",
        {"family": "x", "taskRoleArn": f"{EXECUTION}2", "containerDefinitions": [{"name": "a", "image": "b"}]},
    ),
    "sagemaker": ("describe_model_package_group", {"ModelPackageGroupName": OTHER}),
    "sns": ("publish", {"TopicArn": arn("sns", OTHER), "Message": "x"}),
    "glue": ("get_job", {"JobName": OTHER}),
    "ecr": ("describe_images", {"repositoryName": "other/a"}),
    "s3 list": ("list_objects_v2", {"Bucket": NAME, "Prefix": "other/x"}),
    "s3 whole": ("list_objects_v2", {"Bucket": NAME}),
    "s3": ("put_object", {"Bucket": NAME, "Key": "other/x"}),
    "kms": ("describe_key", {"KeyId": "alias/other"}),
    "kms direct": ("decrypt", {"CiphertextBlob": b"x" * 60, "KeyId": "alias/own"}),
    "eks": ("list_clusters", {}),
}


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    """Return a session of the role, with enforcement switched on."""
    with moto() as url:
        key = prepare(url)
        role = boto3.client("sts", **reach(url)).assume_role(RoleArn=make_role(url, key), RoleSessionName="test")
        enforce(url)
        found = role["Credentials"]
        session = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], REGION)
        session.url = url
        yield session


def reach(url: str) -> dict[str, Any]:
    return {
        "endpoint_url": url,
        "region_name": REGION,
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }


def prepare(url: str) -> str:
    """Make what the allowed calls need; return the key's ARN."""
    boto3.client("secretsmanager", **reach(url)).create_secret(Name="own/a", SecretString="x")
    boto3.client("dynamodb", **reach(url)).create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
    )
    boto3.client("sns", **reach(url)).create_topic(Name=NAME)
    boto3.client("ecr", **reach(url)).create_repository(repositoryName="own/a")
    boto3.client("s3", **reach(url)).create_bucket(
        Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    kms = boto3.client("kms", **reach(url))
    keys = {name: kms.create_key()["KeyMetadata"] for name in (NAME, OTHER)}
    for name, each in keys.items():
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=each["KeyId"])
    return str(keys[NAME]["Arn"])


def make_role(url: str, key: str) -> str:
    iam = boto3.client("iam", **reach(url))
    statements = [
        {
            "Effect": "Allow",
            "Action": action,
            "Resource": key if resource == "KEY" else resource,
            **({"Condition": condition} if condition else {}),
        }
        for action, resource, condition in STATEMENTS
    ]
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument="{}")["Role"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=NAME, PolicyName="x", PolicyDocument=document)
    return str(role["Arn"])


def refused(session: Any, service: str, call: str, arguments: dict[str, Any]) -> bool:
    """Tell whether IAM refused a call; any other error comes after IAM."""
    try:
        getattr(session.client(service.split(maxsplit=1)[0], endpoint_url=session.url), call)(**arguments)
    except ClientError as error:
        return "not authorized to perform" in str(error) or error.response["Error"]["Code"] == "AccessDenied"
    return False


@pytest.mark.parametrize("service", ALLOWED)
def test_what_a_policy_allows_is_done(session: boto3.Session, service: str) -> None:
    assert not refused(session, service, *ALLOWED[service])


@pytest.mark.parametrize("service", DENIED)
def test_what_no_policy_allows_is_refused(session: boto3.Session, service: str) -> None:
    assert refused(session, service, *DENIED[service])
