"""IAM enforcement: the ARNs that the calls of each service are about, and the roles that they hand on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.batch.responses import BatchResponse
from moto.dynamodb.responses import DynamoHandler
from moto.ecr.responses import ECRResponse
from moto.ecs.models import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.eks.responses import EKSResponse
from moto.glue.responses import GlueResponse
from moto.kms.models import kms_backends
from moto.kms.responses import KmsResponse
from moto.logs.responses import LogsResponse
from moto.sagemaker.responses import SageMakerResponse
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.sns.responses import SNSResponse
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.stepfunctions.responses import StepFunctionResponse
from moto.sts.responses import TokenResponse

from . import body

Sent = Mapping[str, Any]
Found = Iterator[str]
_TO = {
    "ecs": "ecs-tasks",
    "states": "states",
    "sagemaker": "sagemaker",
    "glue": "glue",
    "batch": "ecs-tasks",
    "eks": "eks",
}
"""Service → the one that a role is handed on to."""
_ROLE_FIELDS = {
    *("roleArn", "RoleArn", "ExecutionRoleArn", "executionRoleArn", "taskRoleArn", "jobRoleArn"),
    *("Role", "serviceRoleArn"),
}
_HANDING_ON = ("create", "register", "run", "start", "update")


def _arn(response: Any, service: str, tail: str) -> str:
    """Return an ARN; one that was sent instead of a name stays."""
    _, found, rest = tail.partition("arn:aws:")
    if found:
        return found + rest
    return f"arn:aws:{service}:{response.region}:{response.current_account}:{tail}"


def _named(service: str, fields: Mapping[str, str]) -> Callable[[Any, Sent], Found]:
    """Return a finder for calls that name their resource in one of `fields`: field → what stands before the name."""

    def find(response: Any, sent: Sent) -> Found:
        for field, before in fields.items():
            if isinstance(sent.get(field), str):
                yield _arn(response, service, f"{before}{sent[field]}")
                return

    return find


def _secret(response: Any, sent: Sent) -> Found:
    backend = secretsmanager_backends[response.current_account][response.region]
    name = sent.get("SecretId") or sent.get("Name")
    if name and name in backend.secrets:
        yield backend.secrets[name].arn
    elif name:
        yield name if name.startswith("arn:") else _arn(response, "secretsmanager", f"secret:{name}-AbCdEf")


def _key(response: Any, sent: Sent) -> Found:
    backend = kms_backends[response.current_account][response.region]
    name = sent.get("KeyId") or sent.get("TargetKeyId")
    if name:
        yield _arn(response, "kms", f"key/{backend.any_id_to_key_id(name).rpartition('/')[2]}")


def _table(response: Any, sent: Sent) -> Found:
    names = [sent["TableName"]] if "TableName" in sent else list(sent.get("RequestItems", {}))
    for name in names:
        table = _arn(response, "dynamodb", f"table/{name}")
        yield f"{table}/index/{sent['IndexName']}" if "IndexName" in sent else table


def _batch(response: Any, sent: Sent) -> Found:
    """Submitting a job is about the queue and the definition, whose revision the caller may leave out."""
    action = response.path.rpartition("/")[2].lower()
    if action == "submitjob":
        yield _arn(response, "batch", f"job-queue/{sent['jobQueue']}")
        yield _arn(response, "batch", f"job-definition/{sent['jobDefinition']}")
    elif action in {"terminatejob", "canceljob"}:
        yield _arn(response, "batch", f"job/{sent['jobId']}")
    elif action == "registerjobdefinition":
        yield _arn(response, "batch", f"job-definition/{sent['jobDefinitionName']}")
    elif not action.startswith(("describe", "list")):
        yield from _named("batch", _BATCH)(response, sent)


_BATCH = {
    "computeEnvironment": "compute-environment/",
    "computeEnvironmentName": "compute-environment/",
    "jobQueue": "job-queue/",
    "jobQueueName": "job-queue/",
    "jobDefinition": "job-definition/",
}


def _ecs(response: Any, sent: Sent) -> Found:
    action, cluster = response._get_action(), sent.get("cluster", "default").rpartition("/")[2]
    if action in {"RunTask", "StartTask"}:
        yield _definition(response, sent["taskDefinition"])
    elif action == "RegisterTaskDefinition":
        yield _arn(response, "ecs", f"task-definition/{sent['family']}:1")
    elif action in {"StopTask", "DescribeTasks"}:
        for task in sent.get("tasks") or [sent["task"]]:
            yield _arn(response, "ecs", f"task/{cluster}/{task}" if "/" not in task else f"task/{task}")
    elif action.endswith(("Service", "Services")) and action != "ListServices":
        for service in sent.get("services") or [sent.get("service") or sent.get("serviceName")]:
            yield _arn(response, "ecs", f"service/{cluster}/{service}")
    elif action.endswith(("Cluster", "Clusters")):
        for name in sent.get("clusters") or [cluster]:
            yield _arn(response, "ecs", f"cluster/{name}")


def _definition(response: Any, name: str) -> str:
    """Return the ARN of a task definition; without a revision the newest one is meant."""
    if ":" not in name:
        revisions = ecs_backends[response.current_account][response.region].task_definitions.get(name, {0: None})
        name = f"{name}:{max(revisions)}"
    return _arn(response, "ecs", f"task-definition/{name}")


def _states(response: Any, sent: Sent) -> Found:
    """Return the ARN that was sent, or that of the state machine to make."""
    for field in ("stateMachineArn", "executionArn", "resourceArn"):
        if field in sent:
            yield sent[field].partition("#")[0]
            return
    if "definition" in sent and "name" in sent:
        yield _arn(response, "states", f"stateMachine:{sent['name']}")


def _sagemaker(response: Any, sent: Sent) -> Found:
    """Creating an endpoint is about its configuration too."""
    for field, kind in _SAGEMAKER.items():
        name = sent.get(field)
        if name:
            yield _arn(response, "sagemaker", f"{kind}/{name if name.startswith('arn:') else name.lower()}")


_SAGEMAKER = {
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
    "ModelPackageGroupName": "model-package-group",
    "ModelPackageName": "model-package",
    "ModelPackageArn": "model-package",
    "TrainingJobName": "training-job",
    "ProcessingJobName": "processing-job",
    "TransformJobName": "transform-job",
    "ResourceArn": "",
}


def _glue(response: Any, sent: Sent) -> Found:
    """Jobs, or the catalog with a database and its table."""
    action, name = response._get_action(), sent.get("JobName") or sent.get("Name")
    if "Job" in action and isinstance(name, str):
        yield _arn(response, "glue", f"job/{name}")
    elif "Database" in action or "DatabaseName" in sent:
        yield _arn(response, "glue", "catalog")
        database = sent.get("DatabaseName") or name or sent.get("DatabaseInput", {}).get("Name")
        if database:
            yield _arn(response, "glue", f"database/{database}")
        table = sent.get("TableName") or sent.get("TableInput", {}).get("Name") or (name if "Table" in action else None)
        if table:
            yield _arn(response, "glue", f"table/{database}/{table}")


def _stream(response: Any, sent: Sent) -> Found:
    name = sent.get("logGroupName") or sent.get("logGroupIdentifier")
    if name:
        yield f"{_arn(response, 'logs', f'log-group:{name}')}:log-stream:{sent.get('logStreamName', '')}"


def _parameter(response: Any, sent: Sent) -> Found:
    for name in sent.get("Names") or [sent["Name"]] if "Name" in sent or "Names" in sent else []:
        yield _arn(response, "ssm", f"parameter/{name.lstrip('/')}")


_FINDERS: Mapping[type, tuple[str, Callable[[Any, Sent], Found]]] = {
    SecretsManagerResponse: ("secretsmanager", _secret),
    KmsResponse: ("kms", _key),
    DynamoHandler: ("dynamodb", _table),
    BatchResponse: ("batch", _batch),
    EC2ContainerServiceResponse: ("ecs", _ecs),
    StepFunctionResponse: ("states", _states),
    SageMakerResponse: ("sagemaker", _sagemaker),
    GlueResponse: ("glue", _glue),
    ECRResponse: ("ecr", _named("ecr", {"repositoryName": "repository/", "resourceArn": ""})),
    EKSResponse: ("eks", _named("eks", {"name": "cluster/"})),
    LogsResponse: ("logs", _stream),
    SimpleSystemManagerResponse: ("ssm", _parameter),
    SNSResponse: ("sns", _named("sns", {"TopicArn": "", "ResourceArn": "", "Name": ""})),
    TokenResponse: ("sts", _named("sts", {"RoleArn": ""})),
}


def _roles(service: str, sent: Any) -> Iterator[tuple[str, str]]:
    """Walk through what was sent for the roles it hands on."""
    if isinstance(sent, Mapping):
        for field, value in sent.items():
            if field in _ROLE_FIELDS and isinstance(value, str) and value.startswith("arn:aws:iam:"):
                yield value, f"{_TO[service]}.amazonaws.com"
            else:
                yield from _roles(service, value)
    elif isinstance(sent, list):
        for each in sent:
            yield from _roles(service, each)


def _install(response_class: type, service: str, find: Callable[[Any, Sent], Found]) -> None:
    def resources(self: Any) -> tuple[tuple[str, ...], dict[str, str], tuple[tuple[str, str], ...]]:
        query = {name: values[0] for name, values in (self.querystring or {}).items() if values}
        path = self.uri_match.groupdict() if getattr(self, "uri_match", None) else {}
        sent = {**query, **path, **body(self)}
        found = tuple(find(self, sent)) or ("*",)
        hands_on = service in _TO and str(self._get_action()).lower().startswith(_HANDING_ON)
        return found, _conditions(service, sent, self), tuple(_roles(service, sent)) if hands_on else ()

    response_class._determine_resource = resources


def _conditions(service: str, sent: Sent, response: Any) -> dict[str, str]:
    if service == "ecs" and "cluster" in sent:
        name = sent["cluster"].rpartition("/")[2]
        return {"ecs:cluster": _arn(response, "ecs", f"cluster/{name}")}
    return {}


for response_class, (service, find) in _FINDERS.items():
    _install(response_class, service, find)
