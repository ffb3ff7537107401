"""The pages of components on a stack's virtual machine: Session Manager leads there, no port is open."""

import shlex
from collections.abc import Mapping

from platinfra.drivers.terraform import Terraform
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Page
from platinfra.targets.aws.record import CloudRecord
from platinfra.targets.aws.verbs.session import last_record
from platinfra.targets.aws.verbs.stack import terraform_folder
from platinfra.targets.target import chosen_component, no_page, not_up


def pages(workspace: Workspace) -> Mapping[str, str]:
    """Return the components that have a page, with the addresses at which a tunnel makes them appear."""
    found = _record(workspace).components.items()
    return {name: f"http://127.0.0.1:{each.port}" for name, each in found if each.port}


def page(workspace: Workspace, component: str) -> Page:
    """Return the page of a component; raise PlatinfraError when it has none."""
    record = _record(workspace)
    name = chosen_component(component, record.components)
    port = record.components[name].port
    terraform = Terraform(terraform_folder(workspace))
    terraform.init()
    target = terraform.output().get("platform", {}).get("machine_instance_id")
    if port is None or target is None:
        raise no_page(name)
    ports = f"portNumber={port},localPortNumber={port}"
    document = ("--document-name", "AWS-StartPortForwardingSession", "--parameters", ports)
    tunnel = ("aws", "ssm", "start-session", "--region", record.region, "--target", target, *document)
    address = f"http://127.0.0.1:{port}"
    return Page(f"{address}, as long as this runs:\n{shlex.join(tunnel)}", address, tunnel, ("session-manager-plugin",))


def _record(workspace: Workspace) -> CloudRecord:
    record = last_record(workspace)
    if not record.components:
        raise not_up(workspace)
    return record
