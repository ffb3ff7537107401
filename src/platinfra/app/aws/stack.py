"""A stack on AWS with its Terraform folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from platinfra.app.workspace import Workspace
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws.place import Place, place_of
from platinfra.targets.aws.render import rendered
from platinfra.targets.aws.root import Root
from platinfra.targets.aws.values import Values

_PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class CloudStack:
    """A resolved stack and what follows from it on AWS."""

    workspace: Workspace
    catalog: Catalog
    resolved: Resolved
    values: Values

    @property
    def place(self) -> Place:
        """Return account, region and names."""
        return self.values.place

    @property
    def folder(self) -> Path:
        """Return the folder that `up` works in."""
        return terraform_folder(self.workspace)

    @cached_property
    def with_state(self) -> tuple[Root, dict[str, bytes]]:
        """Return the root and the files with the backend that `up` uses."""
        return self.rendered(state=True)

    def rendered(self, *, state: bool) -> tuple[Root, dict[str, bytes]]:
        """Return the root and the files of the Terraform folder, with the S3 backend if asked."""
        name = self.resolved.graph.project.get("requirements")
        project = self.workspace.folder / name if name else None
        return rendered(self.values, backend_of(self.place) if state else None, project)


def terraform_folder(workspace: Workspace) -> Path:
    """Return the folder that `up` and `down` work in."""
    return workspace.root / "terraform"


def cloud_stack(workspace: Workspace, without: tuple[str, ...] = ()) -> CloudStack:
    """Resolve a stack for AWS; raise PlatinfraError with every problem."""
    catalog = workspace.catalog()
    resolved = workspace.resolve(catalog, without)
    return CloudStack(workspace, catalog, resolved, values_of(resolved, catalog))


def values_of(resolved: Resolved, catalog: Catalog) -> Values:
    """Return what references stand for on AWS; raise PlatinfraError for tools that a machine would not get."""
    values = Values(resolved.graph, catalog, place_of(resolved))
    foreign = [
        Diagnostic(
            "tool-not-on-target",
            f"`{each.name}` lies in `{catalog.folder(each.tool)}`, and a machine gets platinfra's own tools only",
            hint="use `type: kubernetes`, or leave it out",
        )
        for each in resolved.graph.components.values()
        if values.place.kind == "cloud_vm" and _PACKAGE not in catalog.folder(each.tool).parents
    ]
    if foreign:
        raise PlatinfraError(*foreign)
    return values


def backend_of(place: Place) -> dict[str, object] | None:
    """Return the S3 backend of a stack's state; None when it lies in the folder."""
    if place.deployment.state == "local":
        return None
    return {
        "bucket": f"platinfra-state-{place.account}-{place.region.name}",
        "key": f"{place.stack}/{place.environment}.tfstate",
        "region": place.region.name,
        "encrypt": True,
        "use_lockfile": True,
    }
