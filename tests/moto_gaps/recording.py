"""Calls: with MOTO_RECORDING=FILE every call is written there once, as `service:Action ARN`, in the words of IAM."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.responses import ActionAuthenticatorMixin

from . import body, instead_of

FILE = "MOTO_RECORDING"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_PREFIXES = {"monitoring": "cloudwatch"}
"""Name in the signature → prefix of the actions, where they differ."""
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATES = re.compile(r"(?<=-)\d{14}[0-9a-f]{0,12}\b")
_PUBLIC = re.compile(r"(:ssm:[^:]+:)\d+(?=:parameter/aws/)")
"""AWS' own parameters are in no account; moto says otherwise."""
_SUFFIX = re.compile(r"(:secret:.*-)[A-Za-z0-9]{6}$")

_BUCKET = {
    ("HEAD", ""): "ListBucket",
    ("GET", ""): "ListBucket",
    ("GET", "versions"): "ListBucketVersions",
    ("GET", "uploads"): "ListBucketMultipartUploads",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "lifecycle"): "GetLifecycleConfiguration",
    ("GET", "versioning"): "GetBucketVersioning",
    ("GET", "policy"): "GetBucketPolicy",
    ("GET", "website"): "GetBucketWebsite",
    ("GET", "acl"): "GetBucketAcl",
    ("GET", "tagging"): "GetBucketTagging",
    ("GET", "logging"): "GetBucketLogging",
    ("GET", "cors"): "GetBucketCORS",
    ("GET", "notification"): "GetBucketNotification",
    ("GET", "accelerate"): "GetAccelerateConfiguration",
    ("GET", "requestPayment"): "GetBucketRequestPayment",
    ("GET", "replication"): "GetReplicationConfiguration",
    ("GET", "encryption"): "GetEncryptionConfiguration",
    ("GET", "object-lock"): "GetBucketObjectLockConfiguration",
    ("GET", "ownershipControls"): "GetBucketOwnershipControls",
    ("GET", "publicAccessBlock"): "GetBucketPublicAccessBlock",
    ("PUT", ""): "CreateBucket",
    ("PUT", "lifecycle"): "PutLifecycleConfiguration",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("PUT", "policy"): "PutBucketPolicy",
    ("PUT", "tagging"): "PutBucketTagging",
    ("PUT", "encryption"): "PutEncryptionConfiguration",
    ("PUT", "ownershipControls"): "PutBucketOwnershipControls",
    ("PUT", "publicAccessBlock"): "PutBucketPublicAccessBlock",
    ("DELETE", ""): "DeleteBucket",
    ("DELETE", "lifecycle"): "PutLifecycleConfiguration",
    ("DELETE", "policy"): "DeleteBucketPolicy",
    ("DELETE", "tagging"): "PutBucketTagging",
    ("DELETE", "encryption"): "PutEncryptionConfiguration",
    ("DELETE", "ownershipControls"): "PutBucketOwnershipControls",
    ("DELETE", "publicAccessBlock"): "PutBucketPublicAccessBlock",
}
"""Method and what the query asks for → action. Source: S3's API reference, "permissions" of each operation."""
_OBJECT = {
    ("HEAD", ""): "GetObject",
    ("GET", ""): "GetObject",
    ("GET", "versionId"): "GetObjectVersion",
    ("HEAD", "versionId"): "GetObjectVersion",
    ("GET", "tagging"): "GetObjectTagging",
    ("PUT", "tagging"): "PutObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("PUT", ""): "PutObject",
    ("POST", "uploads"): "PutObject",
    ("POST", "uploadId"): "PutObject",
    ("PUT", "uploadId"): "PutObject",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("DELETE", ""): "DeleteObject",
    ("DELETE", "versionId"): "DeleteObjectVersion",
}


def _s3(response: Any, resource: str) -> Iterator[tuple[str, str]]:
    """Yield actions and ARNs of a call of S3, whose operation is in the query."""
    query, tail = response.parsed_url.query, resource.partition(":::")[2]
    asked = {each.partition("=")[0] for each in query.split("&")}
    if tail == "*":
        yield "ListAllMyBuckets", "*"
    elif response.method == "POST" and "delete" in asked:
        for key, version in _DELETED.findall(response.body.decode()):
            yield "DeleteObjectVersion" if version else "DeleteObject", f"{resource}/{key}"
    else:
        table = _OBJECT if "/" in tail else _BUCKET
        known = next((name for method, name in table if method == response.method and name in asked), "")
        yield table.get((response.method, known)) or f"{response.method}?{query}", resource


_DELETED = re.compile(r"<Object><Key>([^<]*)</Key>(<VersionId>)?")


_NAMED: Mapping[str, Mapping[str, str]] = {
    "iam": {
        "InstanceProfileName": "instance-profile/",
        "RoleName": "role/",
        "AWSServiceName": "role/aws-service-role/",
    },
    "rds": {
        "DBInstanceIdentifier": "db:",
        "DBParameterGroupName": "pg:",
        "DBSubnetGroupName": "subgrp:",
        "DBSnapshotIdentifier": "snapshot:",
        "ResourceName": "",
    },
    "ecs": {"clusterName": "cluster/"},
    "logs": {"logGroupName": "log-group:", "resourceArn": ""},
    "events": {"Rule": "rule/", "Name": "rule/", "ResourceARN": ""},
    "sqs": {"QueueUrl": "", "QueueName": ""},
    "cloudwatch": {"DashboardName": "dashboard/", "AlarmName": "alarm:", "ResourceARN": ""},
}
"""Prefix of the actions → parameter that names the resource → what stands before the name in its ARN."""


def _arns(response: Any, service: str, resource: Any) -> Iterator[str]:
    """Yield what a call is about, as far as it is known here."""
    query = {name: values[0] for name, values in (response.querystring or {}).items() if values}
    sent = {**query, **body(response)}
    for field, before in _NAMED.get(service, {}).items():
        name = sent.get(field)
        if isinstance(name, str):
            region = "" if service == "iam" or before == "dashboard/" else response.region
            name = name.rpartition("/")[2] if service == "sqs" else name
            whole = f"arn:aws:{service}:{region}:{response.current_account}:{before}{name}"
            yield name if name.startswith("arn:") else whole
            return
    yield from resource[0] if isinstance(resource, tuple) else (str(resource),)


def _lines(response: Any, resource: Any) -> Iterator[str]:
    scope = _SCOPE.search(response.headers.get("Authorization", ""))
    if scope is None:
        return
    service = _PREFIXES.get(scope[2], scope[2])
    if service == "s3":
        found = list(_s3(response, str(resource)))
    else:
        found = [(_action(response), arn) for arn in [*_arns(response, service, resource)] or ["*"]]
    for action, arn in found:
        yield f"{service}:{action} {_stable(arn)}"


def _action(response: Any) -> str:
    found = response._get_action()
    return str(found[0] if isinstance(found, list) else found)


def _stable(arn: str) -> str:
    """Return an ARN without what is different in every run."""
    arn = _PUBLIC.sub(r"\1", arn)
    return _SUFFIX.sub(r"\1AbCdEf", _DATES.sub("20260101000000", _IDS.sub("11111111-2222-3333-4444-555555555555", arn)))


_seen: set[str] = set()


def _record(response: Any, resource: Any) -> None:
    for line in _lines(response, resource):
        if line not in _seen:
            _seen.add(line)
            with open(os.environ[FILE], "a", encoding="utf-8") as file:
                file.write(f"{line}\n")


if os.environ.get(FILE):

    @instead_of(ActionAuthenticatorMixin, "_authenticate_and_authorize_action")
    def record(moto: Callable[..., Any], self: Any, request: type, resource: Any = "*") -> Any:
        """Write down who is asked for, then go on."""
        _record(self, resource)
        return moto(self, request, resource)
