"""What this machine lacks for `up` on AWS; the account itself is looked at by `up`."""

from collections.abc import Iterator

from platinfra.drivers.aws_credentials import find_credentials
from platinfra.drivers.terraform import find
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Finding
from platinfra.targets.aws.verbs.stack import cloud_stack
from platinfra.targets.kubernetes.verbs.doctor import look, programs

_REMEDY = "log in with `aws sso login` or `aws configure`, or set AWS_PROFILE"


def findings(stack: Resolved) -> Iterator[Finding]:
    """Look for Terraform, credentials, and what applications in a cluster need."""
    cloud = cloud_stack(stack)
    place = cloud.place
    detail = f"{place.stack}: {place.kind} in {place.region.name}, account {place.account}"
    yield Finding("stack", ok=True, detail=detail)
    yield look("terraform", lambda: " ".join(map(str, find())))
    found = find_credentials()
    yield Finding("credentials", found, "set up" if found else "no AWS credentials found", _REMEDY)
    if "cluster" in cloud.stack.ground.places:
        yield from programs(cloud.bundle())
