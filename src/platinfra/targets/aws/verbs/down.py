"""Remove a stack from AWS: everything, or everything but its data."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.aws_account import Account
from platinfra.drivers.aws_state import StateBucket
from platinfra.drivers.lock import stack_lock
from platinfra.drivers.terraform import Terraform
from platinfra.model.event import Event
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Data, Ended, Talk
from platinfra.targets.aws.record import CloudRecord
from platinfra.targets.aws.verbs import applications, session
from platinfra.targets.aws.verbs.changes import PROTECTED
from platinfra.targets.aws.verbs.progress import Progress
from platinfra.targets.aws.verbs.records import last_record
from platinfra.targets.target import not_confirmed

_STAYS = {"aws_ebs_volume": "disk", "aws_efs_file_system": "files"}
"""What stays without the rest of its module when data is kept, and what people call it."""


def down(workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
    """
    Destroy a stack; the file may be gone, the record and the folder that `up` wrote are enough.

    Raises PlatinfraError when nobody said what becomes of the data or the user does not agree, ActionError when a
    resource could not be removed.
    """
    if data is None:
        hint = "use `--keep-data` to keep buckets, images, disks, shared files and a snapshot of databases, or `--delete-data` to delete them"
        raise PlatinfraError(
            Diagnostic("say-about-data", "on AWS, `down` needs to know what to do with the data", hint=hint)
        )
    folder, record = session.last_folder(workspace), last_record(workspace)
    account = session.account(record.region, record.account)
    with stack_lock(workspace.root, "down"):
        terraform = Terraform(folder)
        terraform.init()
        addresses = terraform.state_list()
        if addresses and data == "delete" and not talk.may_delete(record.stack):
            raise not_confirmed("the data was not deleted", "type the stack's name to confirm, or use `--keep-data`")
        kept: tuple[str, ...] = ()
        if addresses:
            zone = terraform.output().get("platform", {}).get("domain_zone_id")
            kept = applications.take_out(workspace, record, talk.emit, account, zone, keep_data=data == "keep")
            kept += _destroy(folder, terraform, record, addresses, data, talk.emit)
        _forget(record, account)
    shutil.rmtree(workspace.root)
    return Ended("everything was removed from the account" if addresses else "there was nothing to remove", kept)


def _destroy(
    folder: Path,
    terraform: Terraform,
    record: CloudRecord,
    addresses: tuple[str, ...],
    fate: Data,
    emit: Callable[[Event], None],
) -> tuple[str, ...]:
    progress = Progress(emit, time.monotonic(), removing=True)
    variables = {"on_destroy": fate}
    protected = [each for each in addresses if each.rpartition("module.")[2].split(".")[1] in PROTECTED]
    kept = _kept_calls(record, terraform) if fate == "keep" else {}
    left: tuple[str, ...] = ()
    if protected:
        planfile = folder / session.PLAN
        terraform.plan(planfile, variables=variables, targets=protected, on_event=progress.planning)
        left = tuple(_leftovers(terraform.show(planfile))) if fate == "keep" else ()
        terraform.apply(planfile)
        planfile.unlink()
    if fate == "keep":
        stays = [each for each in addresses if any(f".{kind}." in each for kind in _STAYS)]
        terraform.state_rm([*(f"module.{label}" for label in kept), *stays])
    progress.expect_removal(terraform.state_list())
    terraform.destroy(variables, progress.applying)
    return (*kept.values(), *left)


def _leftovers(planned: Mapping[str, Any]) -> Iterator[str]:
    """Yield what databases, machines and clusters leave: a last snapshot, a disk, shared files."""
    for each in planned["resource_changes"]:
        after = each["change"]["after"] or {}
        if each["type"] == "aws_db_instance":
            yield f"snapshot {after['final_snapshot_identifier']}"
        elif each["type"] in _STAYS:
            yield f"{_STAYS[each['type']]} {after['id']} ({after['tags']['Name']})"


def _kept_calls(record: CloudRecord, terraform: Terraform) -> dict[str, str]:
    """Return the calls that hold data and exist: label to what people call it."""
    exist = {address.split(".")[1] for address in terraform.state_list()}
    return {label: title for label, title in record.kept.items() if label in exist}


def _forget(record: CloudRecord, account: Account) -> None:
    """Remove the state, and its bucket when it was the last one there."""
    if record.state_key:
        StateBucket(account).remove(record.state_key)
