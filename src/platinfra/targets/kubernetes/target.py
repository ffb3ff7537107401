"""The target `kubernetes`: a stack in any cluster that a context leads to, or that is made on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from platinfra.model.ground import Ground
from platinfra.targets.kubernetes.clustered import Clustered
from platinfra.targets.target import IN_CLUSTER, not_up

if TYPE_CHECKING:
    from platinfra.diagnostics import Diagnostic
    from platinfra.model.drift import Drift
    from platinfra.model.workspace import Workspace
    from platinfra.resolve.resolve import Resolved
    from platinfra.sections.section import Deployment, Destination, Provider
    from platinfra.targets.answers import (
        Applied,
        Artifacts,
        Data,
        Ended,
        Finding,
        Permissions,
        Planned,
        RenderOptions,
        Talk,
    )
    from platinfra.targets.kubernetes.bundle import Bundle
    from platinfra.targets.kubernetes.verbs.running import InCluster

# start-up time: what a verb needs is imported when it is used


class Kubernetes(Clustered):
    """Any cluster."""

    name = "kubernetes"
    grounds = tuple(Ground("kubernetes", each, ("cluster",)) for each in ("existing", "kind", "minikube", "k3d"))
    alternatives = MappingProxyType(
        {
            **dict.fromkeys(("env", "run", "check"), IN_CLUSTER),
            "restart": "`kubectl rollout restart` restarts a workload",
            "unlock": "a local lock is released when the command that holds it ends",
            "permissions --operator": "it shows what `up` needs in an AWS account",
        }
    )

    def sections(self) -> tuple[type[Provider], type[Deployment]]:
        """Return the schemas of a cluster."""
        from platinfra.targets.kubernetes.schema import KubernetesDeployment, KubernetesProvider

        return KubernetesProvider, KubernetesDeployment

    def problems(self, destination: Destination) -> Iterator[Diagnostic]:
        """Yield what is wrong with the routes of a stack."""
        from platinfra.sections.cluster import ClusterDeployment
        from platinfra.sections.route_rules import route_problems

        deployment = destination.deployment
        if isinstance(deployment, ClusterDeployment) and deployment.routes is not None:
            yield from route_problems(deployment.routes, partial(destination.where, "deployment", "routes"))

    def bundle(self, stack: Resolved, *, digests: bool = True) -> Bundle:
        """Return what a stack is in its cluster; without `digests` images keep their tags."""
        from platinfra.targets.kubernetes.verbs.stack import bundle_of

        return bundle_of(stack, digests=digests)

    def check(self, stack: Resolved) -> None:
        """Raise PlatinfraError for what could not be rendered: tools of others, as our own are tested with each other."""
        if stack.strangers:
            self.bundle(stack)

    def plan(self, stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
        """Compare a stack with its cluster, step by step."""
        from platinfra.targets.kubernetes.verbs.plan import cluster_plan

        found = cluster_plan(stack, offline=offline)
        if certain:
            found.require_answer()
        return found.describe(stack)

    def up(self, stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
        """Bring a stack into its cluster; make the cluster first where the file asks for that."""
        from platinfra.targets.kubernetes.verbs.summary import summarise
        from platinfra.targets.kubernetes.verbs.up import cluster_up

        return summarise(stack, cluster_up(stack, talk))

    def down(self, workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
        """Take a stack out of its cluster; what keeps data stays unless it is to be deleted."""
        from platinfra.targets.kubernetes.verbs.down import cluster_down

        return cluster_down(workspace, data, talk)

    def drift(self, stack: Resolved) -> list[Drift]:
        """Return what somebody changed in the cluster by hand."""
        from platinfra.targets.kubernetes.verbs.drift import drift_of
        from platinfra.targets.kubernetes.verbs.session import open_session

        return drift_of(open_session(stack))

    def running(self, workspace: Workspace) -> InCluster:
        """Return the stack that was brought into a cluster; raise PlatinfraError when there is none."""
        from platinfra.targets.kubernetes.verbs.running import find_stack
        from platinfra.targets.kubernetes.verbs.site import last_site

        found = find_stack(last_site(workspace))
        if found is None:
            raise not_up(workspace)
        return found

    def render(self, stack: Resolved, options: RenderOptions) -> Artifacts:
        """Return the stack for Helm, as manifests, or for Argo CD or Flux."""
        from platinfra.targets.kubernetes.verbs.render import artifacts

        return artifacts(self.bundle(stack), options.kind)

    def permissions(self, stack: Resolved) -> Permissions:
        """Return the wires with what is between the pods, and what people and pods may do."""
        from platinfra.targets.kubernetes.permissions import permissions

        return permissions(self.bundle(stack))

    def policy(self, stack: Resolved) -> str:
        """Return the network policies, roles and bindings."""
        from platinfra.targets.kubernetes.render import policies

        return policies(self.bundle(stack))

    def doctor(self, stack: Resolved) -> Iterator[Finding]:
        """Look for Helm, kubectl and the cluster."""
        from platinfra.targets.kubernetes.verbs.doctor import findings

        return findings(stack, self.bundle(stack))


TARGET = Kubernetes()
