"""A stack on AWS with its Terraform folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platinfra.diagnostics import Diagnostic, refuse
from platinfra.drivers.kubernetes_versions import numbers
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws.facts import AwsFacts, AwsValues
from platinfra.targets.aws.place import AwsPlace, place_of
from platinfra.targets.aws.render import render_folder
from platinfra.targets.aws.root import Root
from platinfra.targets.folder import IN_CLUSTER, IN_STATE, KUBECONFIG

if TYPE_CHECKING:
    from platinfra.targets.kubernetes.bundle import Bundle
    from platinfra.targets.kubernetes.verbs.site import Site


@dataclass(frozen=True)
class CloudStack:
    """A resolved stack and what follows from it on AWS."""

    stack: Resolved
    values: AwsValues

    @property
    def place(self) -> AwsPlace:
        """Return account, region and names."""
        return self.values.facts.place

    @property
    def workspace(self) -> Workspace:
        """Return where the stack file and its state lie."""
        return self.stack.workspace

    @property
    def folder(self) -> Path:
        """Return the folder that `up` works in."""
        return terraform_folder(self.workspace)

    @property
    def installs(self) -> bool:
        """Tell whether `up` installs the applications in the cluster, and nobody else."""
        return "cluster" in self.stack.ground.places and self.place.deployment.applications != "gitops"

    @cached_property
    def with_state(self) -> tuple[Root, dict[str, bytes]]:
        """Return the root and the files with the backend that `up` uses."""
        return self.render_folder(state=True)

    def render_folder(self, *, state: bool) -> tuple[Root, dict[str, bytes]]:
        """Return the root and the files of the Terraform folder, with the S3 backend if asked."""
        name = self.stack.graph.project.get("requirements")
        project = self.workspace.folder / name if name else None
        return render_folder(self.values, backend_of(self.place) if state else None, project)

    def bundle(
        self, told: Mapping[str, Any] | None = None, version: str | None = None, *, digests: bool = True
    ) -> "Bundle":
        """Return what is in the cluster; `told` are Terraform's outputs, `version` is the cluster's where it was asked."""
        from platinfra.targets.aws.cloud import AwsCloud  # start-up time: Terraform's part needs none of it
        from platinfra.targets.kubernetes.verbs.stack import bundle_of

        planned = self.place.deployment.kubernetes_version or self.place.kubernetes_version
        return bundle_of(self.stack, version=version or planned, cloud=AwsCloud(self.values, told), digests=digests)


def at_version(cloud: CloudStack, running: str | None) -> CloudStack:
    """Return a stack with the Kubernetes version that its own cluster has, where that is newer than the file's."""
    place, stack = cloud.place, cloud.stack
    if running is None or numbers(running) <= numbers(place.cluster.version):
        return cloud
    return CloudStack(stack, AwsFacts(stack.graph, stack.catalog, replace(place, running_version=running)).values)


def state_key(place: AwsPlace) -> str | None:
    """Return the key of a stack's state in the bucket; None when it lies in the folder."""
    return None if place.deployment.state == "local" else f"{place.stack}/{place.environment}.tfstate"


def terraform_folder(workspace: Workspace) -> Path:
    """Return the folder that `up` and `down` work in."""
    return workspace.root / IN_STATE


def cloud_stack(stack: Resolved) -> CloudStack:
    """Return a stack as it is on AWS; raise PlatinfraError for tools that a machine would not get."""
    refuse(
        Diagnostic(
            "tool-not-on-target",
            f"`{each.name}` is in `{stack.catalog.folder(each.tool)}`, but a machine only gets platinfra's own tools",
            hint="use `type: kubernetes`, or leave it out",
        )
        for each in stack.strangers
        if each.place == "machine"
    )
    return CloudStack(stack, AwsFacts(stack.graph, stack.catalog, place_of(stack)).values)


def site_on_aws(workspace: Workspace) -> "Site":
    """Return the cluster that Terraform made, or was told of; what is in it has a state of its own."""
    from platinfra.targets.kubernetes.verbs.site import Site

    folder = workspace.root / IN_CLUSTER
    return Site(folder, None, folder / KUBECONFIG)


def backend_of(place: AwsPlace) -> dict[str, object] | None:
    """Return the S3 backend of a stack's state; None when it lies in the folder."""
    key = state_key(place)
    if key is None:
        return None
    return {
        "bucket": f"platinfra-state-{place.account}-{place.region.name}",
        "key": key,
        "region": place.region.name,
        "encrypt": True,
        "use_lockfile": True,
    }
