"""An account in moto with everything that wires and their neighbours are about, and the calls as boto3 makes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.targets.aws.evaluator import Call
from tests.targets.aws.stacks import ACCOUNT

FORBIDDEN = 403
_KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
_SERVICES = {"states": "stepfunctions"}


@dataclass
class Account:
    """Somebody's view of a region of the account: the administrator's, or that of an assumed role."""

    url: str
    region: str
    keys: Mapping[str, str] = field(default_factory=lambda: _KEYS)

    def client(self, service: str) -> Any:
        patient = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        name = _SERVICES.get(service, service)
        return boto3.client(name, region_name=self.region, endpoint_url=self.url, config=patient, **self.keys)


@dataclass
class World:
    """What was made, by the ARN that a call names: moto chooses ids as AWS does."""

    admin: Account
    runner: str = ""
    """Whose tasks get the roles that a call hands on."""
    made: dict[str, Any] = field(default_factory=dict)

    def ensure(self, call: Call) -> None:
        """Make what a call is about, unless it is there."""
        service = call.action.partition(":")[0]
        if call.resource not in self.made and call.resource != "*" and service in _MAKERS:
            self.made[call.resource] = _MAKERS[service](self, call.resource)
        for key, value in call.context:
            if key == "ecs:cluster" and value not in self.made:
                self.made[str(value)] = self.admin.client("ecs").create_cluster(clusterName=last(str(value)))

    def role(self, name: str, policies: Mapping[str, str]) -> Account:
        """Make a role with inline policies and assume it."""
        iam, trust = self.admin.client("iam"), '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        trust += f'"Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole"}}]}}'
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for policy, document in policies.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
        found = self.admin.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
        keys = {ours: found[theirs] for ours, theirs in {**names, "aws_session_token": "SessionToken"}.items()}
        return Account(self.admin.url, self.admin.region, keys)

    def denied(self, who: Account, call: Call) -> bool:
        """Make a call; tell whether it was forbidden. Whatever else goes wrong is a mistake of the test."""
        try:
            if call.action == "iam:PassRole":
                _hand_on(self, who, call)
            else:
                _CALLS[call.action](self, who.client(call.action.partition(":")[0]), call)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != FORBIDDEN:
                raise
            return True
        return False

    @cached_property
    def subnet(self) -> str:
        return str(self.admin.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"])

    @cached_property
    def group(self) -> str:
        return str(self.admin.client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"])


def last(arn: str) -> str:
    return arn.rpartition("/")[2]


def bucket_of(arn: str) -> str:
    return arn.rpartition(":::")[2].partition("/")[0]


def object_of(arn: str) -> dict[str, str]:
    return {"Bucket": bucket_of(arn), "Key": arn.partition("/")[2]}


def secret_of(arn: str) -> str:
    return arn.rpartition(":")[2].removesuffix("-AbCdEf")


def stream_of(arn: str) -> dict[str, str]:
    group, _, stream = arn.partition(":log-group:")[2].partition(":log-stream:")
    return {"logGroupName": group, "logStreamName": stream}


def _s3(world: World, arn: str) -> Any:
    s3, name = world.admin.client("s3"), bucket_of(arn)
    if name not in world.made:
        place = {"LocationConstraint": world.admin.region}
        s3.create_bucket(
            Bucket=name, **({} if world.admin.region == "us-east-1" else {"CreateBucketConfiguration": place})
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        world.made[name] = name
    if "/" not in arn:
        return name
    upload = s3.create_multipart_upload(**object_of(arn))["UploadId"]
    version = s3.put_object(Body=b"x", **object_of(arn))["VersionId"]
    return {"UploadId": upload, "VersionId": version}


def _secret(world: World, arn: str) -> Any:
    return world.admin.client("secretsmanager").create_secret(Name=secret_of(arn), SecretString="x")


def _key(world: World, arn: str) -> Any:
    kms = world.admin.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    return {"KeyId": key, "CiphertextBlob": kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]}


def _repository(world: World, arn: str) -> Any:
    return world.admin.client("ecr").create_repository(repositoryName=last(arn))


def _stream(world: World, arn: str) -> Any:
    logs, names = world.admin.client("logs"), stream_of(arn)
    logs.create_log_group(logGroupName=names["logGroupName"])
    return logs.create_log_stream(**names)


def _batch(world: World, arn: str) -> Any:
    name = arn.rpartition("/")[2].partition(":")[0]
    batch = world.admin.client("batch")
    if name in world.made:
        return world.made[name]
    container = {"image": "x", "vcpus": 1, "memory": 128}
    for _ in range(7):
        batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=container)
    role = world.admin.client("iam").create_role(RoleName=f"{name}-batch", AssumeRolePolicyDocument="{}")
    batch.create_compute_environment(
        computeEnvironmentName=name, type="UNMANAGED", serviceRole=role["Role"]["Arn"], state="ENABLED"
    )
    order = [{"order": 1, "computeEnvironment": name}]
    world.made[name] = batch.create_job_queue(
        jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order
    )
    return world.made[name]


def _ecs(world: World, arn: str) -> Any:
    """Make a cluster with a task that runs, or three revisions of a task definition."""
    ecs, name = world.admin.client("ecs"), arn.partition("/")[2].partition("/")[0].partition(":")[0]
    if name not in world.made:
        world.made[name] = ecs.create_cluster(clusterName=name)
        for _ in range(3):
            ecs.register_task_definition(
                family=name,
                networkMode="awsvpc",
                requiresCompatibilities=["FARGATE"],
                cpu="256",
                memory="512",
                containerDefinitions=[{"name": "main", "image": "x", "cpu": 256, "memory": 128}],
            )
    if ":task/" not in arn:
        return name
    return run_task(world, ecs, name, f"{name}:3")["tasks"][0]["taskArn"]


def run_task(world: World, ecs: Any, cluster: str, definition: str, **more: Any) -> Any:
    place = {"awsvpcConfiguration": {"subnets": [world.subnet], "securityGroups": [world.group]}}
    return ecs.run_task(
        cluster=cluster, taskDefinition=definition, launchType="FARGATE", networkConfiguration=place, **more
    )


def _topic(world: World, arn: str) -> Any:
    return world.admin.client("sns").create_topic(Name=arn.rpartition(":")[2])


_MAKERS: Mapping[str, Callable[[World, str], Any]] = {
    "s3": _s3,
    "secretsmanager": _secret,
    "kms": _key,
    "ecr": _repository,
    "logs": _stream,
    "batch": _batch,
    "ecs": _ecs,
    "sns": _topic,
}


def _hand_on(world: World, who: Account, call: Call) -> Any:
    """Hand a role on to a task of the wire's own definition."""
    return run_task(
        world, who.client("ecs"), world.runner, f"{world.runner}:3", overrides={"taskRoleArn": call.resource}
    )


def _version(world: World, call: Call) -> dict[str, str]:
    return {**object_of(call.resource), "VersionId": world.made[call.resource]["VersionId"]}


def _upload(world: World, call: Call) -> dict[str, str]:
    return {**object_of(call.resource), "UploadId": world.made[call.resource]["UploadId"]}


def _repository_of(call: Call) -> dict[str, str]:
    return {"repositoryName": last(call.resource)}


def _submit(_: World, batch: Any, call: Call) -> Any:
    """Submit to a queue with the definition of the same name, or a definition to the queue of the same name."""
    name = last(call.resource)
    return batch.submit_job(jobName="training", jobQueue=name.partition(":")[0], jobDefinition=name)


def _run(world: World, ecs: Any, call: Call) -> Any:
    return run_task(world, ecs, last(str(call.context[0][1])), last(call.resource))


def _task(world: World, call: Call) -> tuple[str, str]:
    arn = world.made[call.resource]
    return arn.split("/")[1], arn


_HOUR = {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-01T01:00:00Z"}
_CALLS: Mapping[str, Callable[[World, Any, Call], Any]] = {
    "s3:GetObject": lambda _, s3, call: s3.get_object(**object_of(call.resource)),
    "s3:GetObjectVersion": lambda world, s3, call: s3.get_object(**_version(world, call)),
    "s3:PutObject": lambda _, s3, call: s3.put_object(Body=b"y", **object_of(call.resource)),
    "s3:AbortMultipartUpload": lambda world, s3, call: s3.abort_multipart_upload(**_upload(world, call)),
    "s3:ListMultipartUploadParts": lambda world, s3, call: s3.list_parts(**_upload(world, call)),
    "s3:DeleteObject": lambda _, s3, call: s3.delete_object(**object_of(call.resource)),
    "s3:ListBucket": lambda _, s3, call: s3.list_objects_v2(
        Bucket=bucket_of(call.resource), Prefix=dict(call.context).get("s3:prefix", "")
    ),
    "s3:GetBucketLocation": lambda _, s3, call: s3.get_bucket_location(Bucket=bucket_of(call.resource)),
    "secretsmanager:GetSecretValue": lambda _, sm, call: sm.get_secret_value(SecretId=secret_of(call.resource)),
    "secretsmanager:DescribeSecret": lambda _, sm, call: sm.describe_secret(SecretId=secret_of(call.resource)),
    "kms:Decrypt": lambda world, kms, call: kms.decrypt(**world.made[call.resource]),
    "kms:GenerateDataKey": lambda world, kms, call: kms.generate_data_key(
        KeyId=world.made[call.resource]["KeyId"], KeySpec="AES_256"
    ),
    "ecr:BatchGetImage": lambda _, ecr, call: ecr.batch_get_image(imageIds=[{"imageTag": "x"}], **_repository_of(call)),
    "ecr:GetAuthorizationToken": lambda _, ecr, __: ecr.get_authorization_token(),
    "logs:GetLogEvents": lambda _, logs, call: logs.get_log_events(**stream_of(call.resource)),
    "cloudwatch:ListMetrics": lambda _, metrics, __: metrics.list_metrics(),
    "cloudwatch:GetMetricData": lambda _, metrics, __: metrics.get_metric_data(MetricDataQueries=[], **_HOUR),
    "cloudwatch:GetMetricStatistics": lambda _, metrics, __: metrics.get_metric_statistics(
        Namespace="x", MetricName="x", Period=60, Statistics=["Sum"], **_HOUR
    ),
    "sns:Publish": lambda _, sns, call: sns.publish(TopicArn=call.resource, Message="x"),
    "cloudwatch:DescribeAlarms": lambda _, metrics, call: metrics.describe_alarms(
        AlarmNames=[call.resource.rpartition(":")[2]]
    ),
    "batch:SubmitJob": _submit,
    "batch:DescribeJobs": lambda _, batch, __: batch.describe_jobs(jobs=["x"]),
    "batch:DescribeJobQueues": lambda _, batch, __: batch.describe_job_queues(),
    "batch:DescribeJobDefinitions": lambda _, batch, __: batch.describe_job_definitions(),
    "ecs:RunTask": _run,
    "ecs:DescribeTasks": lambda world, ecs, call: ecs.describe_tasks(
        cluster=_task(world, call)[0], tasks=[_task(world, call)[1]]
    ),
    "ecs:StopTask": lambda world, ecs, call: ecs.stop_task(cluster=_task(world, call)[0], task=_task(world, call)[1]),
}
"""Action → the call that needs it."""
NOT_IN_MOTO = {
    **dict.fromkeys(("events:PutRule", "events:PutTargets", "events:DescribeRule"), "moto does not see which rule"),
    "cloudwatch:GetDashboard": "moto does not see which dashboard",
    "cloudwatch:PutMetricData": "moto does not see the namespace",
    "ecr:GetDownloadUrlForLayer": "moto lacks it",
    "ecr:BatchCheckLayerAvailability": "moto lacks it",
    "batch:ListJobs": "moto wants a queue, whose ARN it then asks about; AWS does not",
}
