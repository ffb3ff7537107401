"""Terraform in a stack's folder, with what has to be true of the machine and the account before it is used."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import make_state_folder
from platinfra.model.workspace import Workspace
from platinfra.resolve.workspace import resolve_workspace
from platinfra.targets.aws.place import UNKNOWN_ACCOUNT, AwsPlace
from platinfra.targets.aws.verbs.stack import CloudStack, at_version, cloud_stack, state_key, terraform_folder
from platinfra.targets.folder import TERRAFORM, write_folder

if TYPE_CHECKING:
    from platinfra.drivers.aws_account import Account
    from platinfra.drivers.terraform import Terraform

PLAN = "plan.tfplan"
_RENDERED = ("modules", "release")
"""Folders in the stack's folder that are rendered."""


@dataclass(slots=True)
class Session:
    """An initialised folder."""

    folder: Path
    terraform: "Terraform"
    applied: bool = False
    """Whether what the folder says is applied, so that it has to stay as it is."""

    @property
    def planfile(self) -> Path:
        """Return where a plan is kept between asking and applying; it may hold values, so it goes afterwards."""
        return self.folder / PLAN

    def show(self) -> dict[str, Any]:
        """Return the kept plan with the values before and after."""
        return self.terraform.show(self.planfile)


def why_offline(place: AwsPlace) -> str | None:
    """Return why a plan cannot look at the account; None when it can."""
    if place.account == UNKNOWN_ACCOUNT:
        return "the file names no account"
    from platinfra.drivers.aws_credentials import find_credentials

    if not find_credentials():
        return "no AWS credentials found"
    from platinfra.drivers.terraform import find  # start-up time: without an account, it is not asked for

    try:
        find()
    except PlatinfraError as error:
        return error.diagnostics[0].message
    return None


def account(region: str, expected: str) -> "Account":
    """Return the account of the credentials; raise PlatinfraError when it is not the expected one."""
    from platinfra.drivers.aws_account import Account

    found = Account(region)
    if found.identity.account != expected:
        message = f"the credentials belong to account {found.identity.account}, but the stack is in {expected}"
        hint = "choose other credentials with AWS_PROFILE, or correct `account-id`"
        raise PlatinfraError(Diagnostic("wrong-account", message, hint=hint))
    return found


def account_of(cloud: CloudStack) -> "Account":
    """Return the account that a stack is in."""
    return account(cloud.place.region.name, cloud.place.account)


def as_it_runs(cloud: CloudStack) -> CloudStack:
    """Return a stack at the version that its own cluster has: AWS upgrades one in time, and takes none back."""
    if cloud.place.kind != "kubernetes" or cloud.place.cluster.name:
        return cloud
    from platinfra.drivers import eks

    there = eks.cluster(account_of(cloud), cloud.place.cluster_name)
    return at_version(cloud, str(there["version"]) if there else None)


def is_up(cloud: CloudStack, found: "Account") -> bool:
    """Tell whether the stack was applied before."""
    from platinfra.drivers.aws_state import StateBucket

    key = state_key(cloud.place)
    if key is None:
        return (cloud.folder / "terraform.tfstate").is_file()
    return StateBucket(found).exists(key)


@contextmanager
def session(cloud: CloudStack, *, backend: bool = True) -> Iterator[Session]:
    """Write the stack's folder and use it; unless something was applied, it is as before at the end."""
    _, files = cloud.with_state if backend else cloud.render_folder(state=False)
    make_state_folder(cloud.workspace)
    before = _read_folder(cloud.folder)
    write_folder(cloud.folder, files)
    made = _make_session(cloud.folder)
    try:
        with _open(made):
            yield made
    finally:
        if not made.applied:
            _restore(cloud.folder, before)


@contextmanager
def last_session(cloud: CloudStack) -> Iterator[Session]:
    """Use the folder as `up` wrote it last."""
    with _open(_make_session(last_folder(cloud.workspace))) as made:
        yield made


def last_folder(workspace: Workspace) -> Path:
    """Return the folder that `up` wrote; write it again from the file where it is lost."""
    folder = terraform_folder(workspace)
    if not (folder / TERRAFORM).is_file():
        make_state_folder(workspace)
        write_folder(folder, cloud_stack(resolve_workspace(workspace)).with_state[1])
    return folder


def _make_session(folder: Path) -> Session:
    from platinfra.drivers.terraform import Terraform

    return Session(folder, Terraform(folder))


@contextmanager
def _open(made: Session) -> Iterator[Session]:
    """Initialise a folder; a plan that was kept there goes at the end."""
    try:
        made.terraform.init()
        yield made
    finally:
        made.planfile.unlink(missing_ok=True)


def _read_folder(folder: Path) -> dict[str, bytes]:
    """Return what was rendered into a folder, without what Terraform keeps there."""
    found = (folder / TERRAFORM, *(path for top in _RENDERED for path in (folder / top).rglob("*")))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.is_file()}


def _restore(folder: Path, before: Mapping[str, bytes]) -> None:
    """Put back what was rendered before: `drift` and `down` take it for what was applied."""
    write_folder(folder, before)
    if TERRAFORM not in before:
        (folder / TERRAFORM).unlink()
