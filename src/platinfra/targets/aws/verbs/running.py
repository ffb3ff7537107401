"""What was brought up on AWS, and its pages; Session Manager leads to those of a virtual machine, no port is open."""

import shlex
from collections.abc import Mapping

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.terraform import Terraform
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Page
from platinfra.targets.aws.record import CloudRecord
from platinfra.targets.aws.verbs.records import last_record
from platinfra.targets.aws.verbs.stack import site_on_aws, terraform_folder
from platinfra.targets.kubernetes.verbs import running as cluster
from platinfra.targets.target import chosen_component, no_page, not_up


def running(workspace: Workspace) -> cluster.InCluster:
    """Return what was brought into the cluster; raise PlatinfraError where there is none to look at."""
    found = _find_applications(workspace)
    if found is None:
        raise _explain_nothing(workspace)
    return found


def pages(workspace: Workspace) -> Mapping[str, str]:
    """Return the components that have a page, with the addresses at which a tunnel makes them appear."""
    if there := _find_applications(workspace):
        return cluster.addresses(there)
    found = _record(workspace).components.items()
    return {name: f"http://127.0.0.1:{each.port}" for name, each in found if each.port}


def page(workspace: Workspace, component: str) -> Page:
    """Return the page of a component; raise PlatinfraError when it has none."""
    if there := _find_applications(workspace):
        return cluster.page(there, component)
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


def _find_applications(workspace: Workspace) -> cluster.InCluster | None:
    """Return what was brought into the cluster of a stack; None when nothing was."""
    return cluster.find_stack(site_on_aws(workspace))


def _explain_nothing(workspace: Workspace) -> PlatinfraError:
    """Say why a command has nothing to look at: nothing is up, or nothing of it is in a cluster."""
    if not last_record(workspace).target:
        return not_up(workspace)
    message = "this stack has nothing in a cluster, and this command needs pods"
    hint = "`platinfra plan` and `platinfra drift` check the account; to run it here, use an environment with `provider: {name: local}`"
    return PlatinfraError(Diagnostic("not-on-this-machine", message, hint=hint))
