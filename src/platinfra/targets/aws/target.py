"""The target `aws`: services of AWS by Terraform, and a cluster or a machine for the rest."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from platinfra.model.ground import Ground
from platinfra.targets import aws
from platinfra.targets.aws.autoscalers import AUTOSCALERS
from platinfra.targets.aws.schema import AwsDeployment, AwsProvider, EksCluster
from platinfra.targets.kubernetes.clustered import Clustered
from platinfra.targets.lazy import verb
from platinfra.targets.target import AUDIT, IN_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platinfra.resolve.resolve import Resolved
    from platinfra.sections.section import Deployment, Provider
    from platinfra.targets.answers import Permissions
    from platinfra.targets.kubernetes.bundle import Bundle


class Aws(Clustered):
    """One account and region of AWS."""

    name = "aws"
    grounds = (Ground("aws", "kubernetes", ("service", "cluster")), Ground("aws", "cloud_vm", ("service", "machine")))
    alternatives = MappingProxyType(
        {
            **dict.fromkeys(("env", "run", "check"), IN_CLUSTER),
            **AUDIT,
            "restart": "`kubectl rollout restart` restarts a workload",
        }
    )

    def sections(self) -> tuple[type[Provider], type[Deployment]]:
        """Return the schemas of AWS."""
        return AwsProvider, AwsDeployment

    def needs(self, deployment: AwsDeployment) -> Iterator[str]:
        """Yield a key; and for a cluster that is made for the stack, who adds nodes, finds GPUs, and leads to its hosts."""
        yield "encryption_key"
        if not deployment.makes_cluster:
            return
        cluster = deployment.cluster or EksCluster.model_construct()
        if cluster.autoscaler in AUTOSCALERS:
            yield AUTOSCALERS[cluster.autoscaler].capability
        if cluster.gpu and not cluster.is_auto:
            yield "gpus"
        if deployment.makes_balancers:
            yield "load_balancer"
        if deployment.makes_records:
            yield "dns_records"

    def bundle(self, stack: Resolved, *, digests: bool = True) -> Bundle | None:
        """Return what of a stack is in a cluster; None on a machine."""
        return self.cloud(stack).bundle(digests=digests) if "cluster" in stack.ground.places else None

    def check(self, stack: Resolved) -> None:
        """Raise PlatinfraError for what could not be rendered: tools of others, as our own are tested with each other."""
        if stack.strangers:
            aws.root.root(self.cloud(stack).values)
            self.bundle(stack)

    def permissions(self, stack: Resolved) -> Permissions:
        """Return the wires and the statements of every role."""
        return aws.permissions.permissions(self.cloud(stack).values, self.bundle(stack))

    def policy(self, stack: Resolved) -> str:
        """Return the IAM documents."""
        return json.dumps(aws.permissions.documents(self.cloud(stack).values), indent=2)

    def operator_policy(self, stack: Resolved) -> str:
        """Return the least permissions of whoever runs `up` and `down`."""
        return json.dumps(aws.operator.policies(self.cloud(stack).values), indent=2)

    cloud = verb(lambda: aws.verbs.stack.cloud_stack)
    problems = verb(lambda: aws.schema_rules.problems)
    plan = verb(lambda: aws.verbs.plan.plan)
    up = verb(lambda: aws.verbs.up.up)
    down = verb(lambda: aws.verbs.down.down)
    drift = verb(lambda: aws.verbs.drift.drift)
    running = verb(lambda: aws.verbs.running.running)
    pages = verb(lambda: aws.verbs.running.pages)
    page = verb(lambda: aws.verbs.running.page)
    render = verb(lambda: aws.verbs.render.artifacts)
    cost = verb(lambda: aws.verbs.cost.cost)
    doctor = verb(lambda: aws.verbs.doctor.findings)
    unlock = verb(lambda: aws.verbs.unlock.unlock)


TARGET = Aws()
