"""Terraform in a stack's folder, with what has to be true of the machine and the account before it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platinfra.app.aws.stack import CloudStack, write_folder
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.targets.aws.place import UNKNOWN_ACCOUNT, Place

if TYPE_CHECKING:
    from platinfra.drivers.aws_account import Account
    from platinfra.drivers.terraform import Terraform

PLAN = "plan.tfplan"


@dataclass(frozen=True, slots=True)
class Session:
    """An initialised folder."""

    folder: Path
    terraform: "Terraform"

    @property
    def planfile(self) -> Path:
        """Return where a plan is kept between asking and applying; it may hold values, so it goes afterwards."""
        return self.folder / PLAN


def why_offline(place: Place) -> str | None:
    """Return why a plan cannot look at the account; None when it can."""
    from platinfra.drivers.aws_account import find_credentials
    from platinfra.drivers.terraform import find

    if place.account == UNKNOWN_ACCOUNT:
        return "the file names no account"
    if not find_credentials():
        return "there are no AWS credentials"
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
        message = f"the credentials are those of the account {found.identity.account}, and the stack is in {expected}"
        hint = "choose other credentials with AWS_PROFILE, or mend `account-id`"
        raise PlatinfraError(Diagnostic("wrong-account", message, hint=hint))
    return found


def account_of(cloud: CloudStack) -> "Account":
    """Return the account that a stack is in."""
    return account(cloud.place.region.name, cloud.place.account)


def state_key(place: Place) -> str:
    """Return the key of a stack's state in the bucket."""
    return f"{place.stack}/{place.environment}.tfstate"


def is_up(cloud: CloudStack, found: "Account") -> bool:
    """Tell whether the stack was applied before."""
    from platinfra.drivers.aws_state import StateBucket

    if cloud.place.deployment.state == "local":
        return (cloud.folder / "terraform.tfstate").is_file()
    return StateBucket(found).exists(state_key(cloud.place))


@contextmanager
def session(cloud: CloudStack, *, backend: bool = True) -> Iterator[Session]:
    """Write the stack's folder and initialise it; a plan that was kept there goes at the end."""
    from platinfra.drivers.terraform import Terraform

    _, files = cloud.with_state if backend else cloud.rendered(state=False)
    cloud.workspace.prepare_root()
    write_folder(cloud.folder, files)
    terraform = Terraform(cloud.folder)
    terraform.init()
    made = Session(cloud.folder, terraform)
    try:
        yield made
    finally:
        made.planfile.unlink(missing_ok=True)
