"""The target `kubernetes`: a stack in any cluster that a context leads to, or that is made on this machine."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from platinfra.model.ground import Ground
from platinfra.targets import kubernetes
from platinfra.targets.kubernetes.clustered import Clustered
from platinfra.targets.lazy import verb
from platinfra.targets.target import AUDIT, IN_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from platinfra.diagnostics import Diagnostic
    from platinfra.resolve.resolve import Resolved
    from platinfra.sections.section import Deployment, Destination, Provider
    from platinfra.targets.answers import Artifacts, Finding, Permissions, RenderOptions
    from platinfra.targets.kubernetes.bundle import Bundle


class Kubernetes(Clustered):
    """Any cluster."""

    name = "kubernetes"
    grounds = tuple(Ground("kubernetes", each, ("cluster",)) for each in ("existing", "kind", "minikube", "k3d"))
    alternatives = MappingProxyType(
        {
            **dict.fromkeys(("env", "run", "check"), IN_CLUSTER),
            "restart": "`kubectl rollout restart` restarts a workload",
            "cost": "it multiplies what a stack creates in an AWS account by AWS' prices; what a cluster costs, its owner knows",
            **AUDIT,
            "unlock": "a local lock is released when the command that holds it ends",
        }
    )

    def sections(self) -> tuple[type[Provider], type[Deployment]]:
        """Return the schemas of a cluster."""
        from platinfra.targets.kubernetes.schema import KubernetesDeployment, KubernetesProvider

        return KubernetesProvider, KubernetesDeployment

    def problems(self, destination: Destination) -> Iterator[Diagnostic]:
        """Yield what is wrong with the routes of a stack, or with where it is confined to."""
        from platinfra.diagnostics import Diagnostic
        from platinfra.sections.cluster import ClusterDeployment
        from platinfra.sections.route_rules import route_problems

        deployment = destination.deployment
        if isinstance(deployment, ClusterDeployment) and deployment.routes is not None:
            yield from route_problems(deployment.routes, partial(destination.where, "deployment", "routes"))
        if getattr(deployment, "scope", None) == "namespace" and (deployment.type or "existing") != "existing":
            message = f"`type: {deployment.type}` makes a cluster, and `scope: namespace` is for a namespace in somebody else's"
            span = destination.where("deployment", "scope")
            yield Diagnostic("beyond-namespace", message, span, "remove `scope`, or `type`")

    def bundle(self, stack: Resolved, *, digests: bool = True) -> Bundle:
        """Return what a stack is in its cluster; without `digests` images keep their tags."""
        return kubernetes.verbs.stack.bundle_of(stack, digests=digests)

    def check(self, stack: Resolved) -> None:
        """Raise PlatinfraError for what could not be rendered: tools of others, as our own are tested with each other."""
        if stack.strangers:
            self.bundle(stack)

    def render(self, stack: Resolved, options: RenderOptions) -> Artifacts:
        """Return the stack for Helm, as manifests, or for Argo CD or Flux."""
        return kubernetes.verbs.render.artifacts(stack, self.bundle(stack), options.kind)

    def permissions(self, stack: Resolved) -> Permissions:
        """Return the wires with what is between the pods, and what people and pods may do."""
        return kubernetes.permissions.permissions(self.bundle(stack))

    def policy(self, stack: Resolved) -> str:
        """Return the network policies, roles and bindings."""
        return kubernetes.render.policies(self.bundle(stack))

    def operator_policy(self, stack: Resolved) -> str:
        """Return the least roles of whoever runs `plan`, `up` and `down`, as YAML."""
        return kubernetes.verbs.session.operator_roles(stack, self.bundle(stack))

    def doctor(self, stack: Resolved) -> Iterator[Finding]:
        """Look for Helm, kubectl and the cluster."""
        return kubernetes.verbs.doctor.findings(stack, self.bundle(stack))

    plan = verb(lambda: kubernetes.verbs.plan.plan)
    up = verb(lambda: kubernetes.verbs.up.up)
    down = verb(lambda: kubernetes.verbs.down.down)
    drift = verb(lambda: kubernetes.verbs.drift.drift)
    running = verb(lambda: kubernetes.verbs.running.running)


TARGET = Kubernetes()
