"""The target `aws`: services of AWS by Terraform, and a cluster or a machine for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.ground import Ground
from platinfra.spec.aws import Cluster
from platinfra.targets.kubernetes.clustered import Clustered
from platinfra.targets.target import IN_CLUSTER, not_up

if TYPE_CHECKING:
    from platinfra.model.drift import Drift
    from platinfra.model.workspace import Workspace
    from platinfra.resolve.resolve import Resolved
    from platinfra.spec.schema import StackFile
    from platinfra.targets.answers import (
        Applied,
        Artifacts,
        Data,
        Ended,
        Finding,
        Lock,
        Page,
        Permissions,
        Planned,
        RenderOptions,
        Talk,
    )
    from platinfra.targets.aws.verbs.stack import CloudStack
    from platinfra.targets.kubernetes.bundle import Bundle
    from platinfra.targets.kubernetes.verbs.running import InCluster

# start-up time: what a verb needs is imported when it is used


class Aws(Clustered):
    """One account and region of AWS."""

    name = "aws"
    grounds = (Ground("aws", "kubernetes", ("service", "cluster")), Ground("aws", "cloud_vm", ("service", "machine")))
    alternatives = MappingProxyType(
        {
            **dict.fromkeys(("env", "run", "check"), IN_CLUSTER),
            "restart": "`kubectl rollout restart` restarts a workload",
        }
    )

    def needs(self, file: StackFile) -> Iterator[str]:
        """Yield a key; and for a cluster that is made for the stack, who adds nodes and who finds their GPUs."""
        yield "encryption_key"
        cluster = file.deployment.cluster or Cluster.model_construct()
        if file.deployment.type == "cloud_vm" or cluster.name:
            return
        if cluster.karpenter:
            yield "node_provisioner"
        if cluster.gpu:
            yield "gpus"

    def cloud(self, stack: Resolved) -> CloudStack:
        """Return what follows from a stack on AWS."""
        from platinfra.targets.aws.verbs.stack import cloud_stack

        return cloud_stack(stack)

    def bundle(self, stack: Resolved, *, digests: bool = True) -> Bundle | None:
        """Return what of a stack is in a cluster; None on a machine."""
        return self.cloud(stack).bundle(digests=digests) if "cluster" in stack.ground.places else None

    def check(self, stack: Resolved) -> None:
        """Raise PlatinfraError for what could not be rendered: tools of others, as our own are tested with each other."""
        if stack.strangers:
            from platinfra.targets.aws.root import root

            root(self.cloud(stack).values)
            self.bundle(stack)

    def plan(self, stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
        """Ask Terraform, and the cluster where there is one."""
        from platinfra.targets.aws.verbs.plan import cloud_plan

        return cloud_plan(self.cloud(stack), offline=offline).description

    def up(self, stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
        """Apply the infrastructure, then bring the applications into the cluster."""
        from platinfra.targets.aws.verbs.summary import summarise
        from platinfra.targets.aws.verbs.up import cloud_up

        return summarise(cloud_up(self.cloud(stack), talk))

    def down(self, workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
        """Take the applications out, then destroy the infrastructure."""
        from platinfra.targets.aws.verbs.down import cloud_down

        return cloud_down(workspace, data, talk)

    def drift(self, stack: Resolved) -> list[Drift]:
        """Return what somebody changed in the account or the cluster by hand."""
        from platinfra.targets.aws.verbs.drift import cloud_drift

        return cloud_drift(self.cloud(stack))

    def applications(self, workspace: Workspace) -> InCluster | None:
        """Return what was brought into the cluster of a stack; None when nothing was."""
        from platinfra.targets.aws.verbs.stack import site_on_aws
        from platinfra.targets.kubernetes.verbs.running import find_stack

        return find_stack(site_on_aws(workspace))

    def running(self, workspace: Workspace) -> InCluster:
        """Return what was brought into the cluster; raise PlatinfraError where there is none to look at."""
        found = self.applications(workspace)
        if found is None:
            raise _explain_nothing(workspace)
        return found

    def pages(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the components that have a page, with their addresses."""
        from platinfra.targets.aws.verbs import pages
        from platinfra.targets.kubernetes.verbs.running import addresses

        there = self.applications(workspace)
        return addresses(there) if there else pages.pages(workspace)

    def page(self, workspace: Workspace, component: str) -> Page:
        """Return the page of a component: in the cluster, or on the machine."""
        from platinfra.targets.aws.verbs import pages
        from platinfra.targets.kubernetes.verbs.running import page

        there = self.applications(workspace)
        return page(there, component) if there else pages.page(workspace, component)

    def render(self, stack: Resolved, options: RenderOptions) -> Artifacts:
        """Return the Terraform folder, and below it what goes into the cluster."""
        from platinfra.targets.aws.verbs.render import artifacts

        return artifacts(self.cloud(stack), options)

    def permissions(self, stack: Resolved) -> Permissions:
        """Return the wires and the statements of every role."""
        from platinfra.targets.aws.permissions import permissions

        return permissions(self.cloud(stack).values, self.bundle(stack))

    def policy(self, stack: Resolved) -> str:
        """Return the IAM documents."""
        from platinfra.targets.aws.permissions import documents

        return json.dumps(documents(self.cloud(stack).values), indent=2)

    def operator_policy(self, stack: Resolved) -> str:
        """Return the least permissions of whoever runs `up` and `down`."""
        from platinfra.targets.aws.operator import policies

        return json.dumps(policies(self.cloud(stack).values), indent=2)

    def doctor(self, stack: Resolved) -> Iterator[Finding]:
        """Look for Terraform, credentials, and what applications in a cluster need."""
        from platinfra.targets.aws.verbs.doctor import findings

        return findings(self.cloud(stack))

    def unlock(self, stack: Resolved, agree: Callable[[Lock], bool]) -> Lock | None:
        """Release the lock of Terraform's state."""
        from platinfra.targets.aws.verbs.unlock import unlock

        return unlock(self.cloud(stack), agree)


def _explain_nothing(workspace: Workspace) -> PlatinfraError:
    """Say why a command has nothing to look at: nothing is up, or nothing of it is in a cluster."""
    from platinfra.targets.aws.verbs.session import last_record

    if not last_record(workspace).target:
        return not_up(workspace)
    message = "this stack has nothing in a cluster, and this command needs pods"
    hint = "`platinfra plan` and `platinfra drift` check the account; to run it here, use an environment with `provider: {name: local}`"
    return PlatinfraError(Diagnostic("not-on-this-machine", message, hint=hint))


TARGET = Aws()
