"""What each wire to a service of AWS is for: example calls for every verb, made from names alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from platinfra.model.graph import Binding
from platinfra.targets.aws.facts import AwsValues
from tests.targets.aws.evaluator import Call

KEY = "11111111-2222-3333-4444-555555555555"
Verbs = Mapping[str, list[Call]]


@dataclass(frozen=True)
class Names:
    """Everything that a call may be about. Replacing one of them leads to a neighbour."""

    partition: str
    region: str
    domain: str
    account: str
    prefix: str
    consumer: str
    requirement: str
    name: str
    """The provider's component."""
    bucket: str
    whole: bool
    """Whether the consumer has the bucket to itself."""
    key: str
    cluster: str

    def arn(self, service: str, tail: str, *, region: str | None = None) -> str:
        return f"arn:{self.partition}:{service}:{self.region if region is None else region}:{self.account}:{tail}"

    def object(self, name: str) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}/{self.consumer}/{name}"

    def secret(self, name: str) -> str:
        return self.arn("secretsmanager", f"secret:{self.prefix}/{self.consumer}/{name}-AbCdEf")

    def role(self, *parts: str) -> str:
        return self.arn("iam", "role/" + "-".join((self.name, *parts)), region="")

    def with_key(self, service: str, *actions: str) -> list[Call]:
        """Return uses of the key on behalf of the consumer, by another service."""
        via = (("kms:ViaService", f"{service}.{self.region}.{self.domain}"),)
        return [Call(f"kms:{each}", self.arn("kms", f"key/{self.key}"), via) for each in actions]


def names_of(binding: Binding, values: AwsValues) -> Names:
    """Return the names behind one wire; they follow from the stack file, not from what was made of it."""
    place, provider = values.facts.place, values.graph.components[binding.provider]
    own = [binding.consumer] if binding.whole else []
    return Names(
        partition=place.region.partition,
        region=place.region.name,
        domain=place.region.domain,
        account=place.account,
        prefix=place.prefix,
        consumer=binding.consumer,
        requirement=binding.name,
        name=f"{place.prefix}-{binding.provider}",
        bucket=str(provider.settings.get("bucket") or f"{place.name(binding.provider, *own)}-{place.account}"),
        whole=binding.whole,
        key=KEY,
        cluster=place.cluster_name,
    )


def neighbours(names: Names) -> Iterator[tuple[str, Names]]:
    """Yield what must stay closed: somebody else's, with names that are as close as names can be."""
    for field in ("consumer", "requirement", "name", "bucket", "cluster"):
        yield field, replace(names, **{field: f"{getattr(names, field)}2"})
    yield "another consumer", replace(names, consumer="other")
    yield "key", replace(names, key=KEY.replace("1", "9"))
    yield "account", replace(names, account="999999999999")
    yield "region", replace(names, region="ap-south-2")
    for prefix in (f"{names.prefix}2", "other"):
        yield "stack", in_stack(names, prefix)


def in_stack(names: Names, prefix: str) -> Names:
    """Return the same in another stack of the account."""
    moved = {
        field: prefix + getattr(names, field).removeprefix(names.prefix)
        for field in ("name", "bucket", "cluster")
        if getattr(names, field).startswith(names.prefix)
    }
    return replace(names, prefix=prefix, **moved)


def calls(service: str, tail: str, *actions: str, names: Names) -> list[Call]:
    return [Call(f"{service}:{each}", names.arn(service, tail)) for each in actions]


def anything(service: str, *actions: str) -> list[Call]:
    """Return calls that AWS cannot limit to a resource."""
    return [Call(f"{service}:{each}") for each in actions]


def object_store(names: Names) -> Verbs:
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    below = (names.consumer, f"{names.consumer}/models/")
    # IAM takes HeadBucket for a listing without a prefix.
    prefixes = [()] if names.whole else [(("s3:prefix", each),) for each in below]
    return {
        "read": [Call(f"s3:{each}", names.object(each)) for each in ("GetObject", "GetObjectVersion")]
        + names.with_key("s3", "Decrypt"),
        "write": [
            Call(f"s3:{each}", names.object(each))
            for each in ("PutObject", "AbortMultipartUpload", "ListMultipartUploadParts")
        ]
        + names.with_key("s3", "GenerateDataKey", "Decrypt"),
        "delete": [Call("s3:DeleteObject", names.object("DeleteObject"))],
        "list": [
            *(Call("s3:ListBucket", bucket, each) for each in prefixes),
            Call("s3:GetBucketLocation", bucket),
        ],
    }


def sql_database(names: Names) -> Verbs:
    secret = names.secret(names.requirement)
    reading = [Call(f"secretsmanager:{each}", secret) for each in ("GetSecretValue", "DescribeSecret")]
    return {"connect": reading + names.with_key("secretsmanager", "Decrypt")}


def secret_store(names: Names) -> Verbs:
    secret = names.secret("token")
    reading = [Call(f"secretsmanager:{each}", secret) for each in ("GetSecretValue", "DescribeSecret")]
    return {
        "read": reading + names.with_key("secretsmanager", "Decrypt"),
        "write": [
            Call("secretsmanager:PutSecretValue", secret),
            *names.with_key("secretsmanager", "GenerateDataKey", "Decrypt"),
        ],
    }


def encryption_key(names: Names) -> Verbs:
    key = f"key/{names.key}"
    return {
        "encrypt": calls("kms", key, "Encrypt", "GenerateDataKey", names=names),
        "decrypt": calls("kms", key, "Decrypt", "DescribeKey", names=names),
    }


def container_registry(names: Names) -> Verbs:
    repository, login = f"repository/{names.name}", anything("ecr", "GetAuthorizationToken")
    pulling = ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability")
    pushing = ("BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload")
    return {
        "pull": calls("ecr", repository, *pulling, names=names) + login,
        "push": calls("ecr", repository, *pushing, "PutImage", names=names) + login,
    }


def batch_submit(names: Names) -> list[Call]:
    definition = f"job-definition/{names.name}"
    return [
        *calls("batch", f"job-queue/{names.name}", "SubmitJob", names=names),
        *calls("batch", definition, "SubmitJob", names=names),
        *calls("batch", f"{definition}:7", "SubmitJob", names=names),
    ]


def handed_on(names: Names, service: str, *roles: tuple[str, ...]) -> list[Call]:
    to = (("iam:PassedToService", f"{service}.amazonaws.com"),)
    return [Call("iam:PassRole", names.role(*each), to) for each in roles]


def batch_orchestrator(names: Names) -> Verbs:
    stream = f"log-group:/aws/batch/{names.name}:log-stream:{names.name}/default/0123"
    return {
        "submit": batch_submit(names),
        "read": anything("batch", "DescribeJobs", "ListJobs", "DescribeJobQueues", "DescribeJobDefinitions")
        + calls("logs", stream, "GetLogEvents", names=names),
        "write": calls("batch", f"job-definition/{names.name}", "RegisterJobDefinition", names=names)
        + handed_on(names, "ecs-tasks", (), ("execution",))
        + calls("batch", f"job/{KEY}", "CancelJob", "TerminateJob", names=names),
    }


def batch_engine(names: Names) -> Verbs:
    return {"read": anything("batch", "DescribeJobs", "ListJobs"), "write": batch_submit(names)}


def events_rule(names: Names, rule: str) -> list[Call]:
    return calls("events", f"rule/{rule}", "PutRule", "PutTargets", "DescribeRule", names=names)


def batch_runner(names: Names) -> Verbs:
    return {
        "submit": batch_submit(names)
        + anything("batch", "DescribeJobs")
        + calls("batch", f"job/{KEY}", "TerminateJob", names=names)
        + events_rule(names, "StepFunctionsGetEventsForBatchJobsRule")
    }


def run_task(names: Names) -> list[Call]:
    where = (("ecs:cluster", names.arn("ecs", f"cluster/{names.name}")),)
    return [
        Call("ecs:RunTask", names.arn("ecs", f"task-definition/{names.name}:3"), where),
        *handed_on(names, "ecs-tasks", (), ("execution",)),
    ]


def task(names: Names, *actions: str) -> list[Call]:
    return calls("ecs", f"task/{names.name}/0123456789abcdef0123456789abcdef", *actions, names=names)


def fargate_orchestrator(names: Names) -> Verbs:
    stream = f"log-group:/aws/ecs/{names.name}:log-stream:{names.name}/main/0123"
    return {
        "submit": run_task(names),
        "read": task(names, "DescribeTasks") + calls("logs", stream, "GetLogEvents", names=names),
        "write": task(names, "StopTask"),
    }


def fargate_runner(names: Names) -> Verbs:
    following = task(names, "DescribeTasks", "StopTask")
    return {"submit": run_task(names) + following + events_rule(names, "StepFunctionsGetEventsForECSTaskRule")}


def state_machine(names: Names) -> Verbs:
    machine, run = f"stateMachine:{names.name}", f"execution:{names.name}:0123"
    return {
        "submit": calls("states", machine, "StartExecution", names=names),
        "read": calls("states", machine, "DescribeStateMachine", "ListExecutions", names=names)
        + calls("states", run, "DescribeExecution", "GetExecutionHistory", names=names),
        "write": calls("states", run, "StopExecution", names=names),
    }


def eks(names: Names) -> Verbs:
    found = calls("eks", f"cluster/{names.cluster}", "DescribeCluster", names=names)
    return {"read": found, "submit": found}


def model_registry(names: Names) -> Verbs:
    version = f"model-package/{names.name}/1"
    return {
        "read": calls("sagemaker", f"model-package-group/{names.name}", "DescribeModelPackageGroup", names=names)
        + calls("sagemaker", version, "DescribeModelPackage", "ListModelPackages", names=names),
        "write": calls("sagemaker", version, "CreateModelPackage", "UpdateModelPackage", names=names),
    }


def model_serving(names: Names) -> Verbs:
    endpoint, configuration = f"endpoint/{names.name}", f"endpoint-config/{names.name}-2"
    return {
        "read": calls("sagemaker", endpoint, "InvokeEndpoint", "DescribeEndpoint", names=names),
        "write": calls("sagemaker", f"model/{names.name}-2", "CreateModel", names=names)
        + calls("sagemaker", configuration, "CreateEndpointConfig", "UpdateEndpoint", names=names)
        + calls("sagemaker", endpoint, "UpdateEndpoint", names=names)
        + handed_on(names, "sagemaker", ()),
    }


def training(names: Names) -> Verbs:
    job = f"training-job/{names.name}-1"
    return {
        "read": calls("sagemaker", job, "DescribeTrainingJob", names=names),
        "write": calls("sagemaker", job, "CreateTrainingJob", "StopTrainingJob", names=names)
        + handed_on(names, "sagemaker", ()),
    }


def data_processing(names: Names) -> Verbs:
    job, tables = f"job/{names.name}", f"table/{names.name}/clicks"
    return {
        "submit": calls("glue", job, "StartJobRun", "BatchStopJobRun", names=names),
        "read": calls("glue", job, "GetJob", "GetJobRun", "GetJobRuns", names=names)
        + calls("glue", f"database/{names.name}", "GetDatabase", names=names)
        + calls("glue", tables, "GetTable", "GetTables", "GetPartitions", names=names),
    }


def glue_runner(names: Names) -> Verbs:
    actions = ("StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun")
    return {"submit": calls("glue", f"job/{names.name}", *actions, names=names)}


def metrics(names: Names) -> Verbs:
    own = (("cloudwatch:namespace", f"{names.prefix}/{names.consumer}"),)
    dashboard = names.arn("cloudwatch", f"dashboard/{names.name}", region="")
    return {
        "read": [
            *anything("cloudwatch", "GetMetricData", "GetMetricStatistics", "ListMetrics"),
            Call("cloudwatch:GetDashboard", dashboard),
        ],
        "write": [Call("cloudwatch:PutMetricData", "*", own)],
    }


def alerting(names: Names) -> Verbs:
    return {
        "read": calls("cloudwatch", f"alarm:{names.name}-rds-cpu", "DescribeAlarms", names=names),
        "write": calls("sns", names.name, "Publish", names=names) + names.with_key("sns", "GenerateDataKey", "Decrypt"),
    }


CALLS: Mapping[tuple[str, str], Callable[[Names], Verbs]] = {
    ("s3", "object_store"): object_store,
    ("rds", "sql_database"): sql_database,
    ("secrets-manager", "secret_store"): secret_store,
    ("kms", "encryption_key"): encryption_key,
    ("ecr", "container_registry"): container_registry,
    ("aws-batch", "orchestrator"): batch_orchestrator,
    ("aws-batch", "runtime_engine"): batch_engine,
    ("aws-batch", "job_runner"): batch_runner,
    ("aws-fargate", "orchestrator"): fargate_orchestrator,
    ("aws-fargate", "job_runner"): fargate_runner,
    ("aws-step-functions", "orchestrator"): state_machine,
    ("aws-eks", "orchestrator"): eks,
    ("sagemaker", "model_registry"): model_registry,
    ("sagemaker", "model_serving"): model_serving,
    ("sagemaker", "runtime_engine"): training,
    ("glue", "data_processing"): data_processing,
    ("glue", "job_runner"): glue_runner,
    ("cloudwatch", "monitoring"): metrics,
    ("cloudwatch", "alerting"): alerting,
}
"""Tool and capability → verb → what a wire with that verb is for."""
