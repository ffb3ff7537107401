"""The pages of components on a stack's virtual machine: Session Manager leads there, no port is open."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.drivers.state_file import StateFile
from platinfra.drivers.terraform import Terraform
from platinfra.model.state import State
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Page
from platinfra.targets.aws.verbs.stack import terraform_folder
from platinfra.targets.folder import TERRAFORM
from platinfra.targets.target import chosen_component, no_page, not_up


def pages(workspace: Workspace) -> Mapping[str, str]:
    """Return the components that have a page, with the addresses at which a tunnel makes them appear."""
    ports = {name: _usual_port(each, workspace) for name, each in _components(workspace).items()}
    return {name: f"http://127.0.0.1:{port}" for name, port in ports.items() if port}


def page(workspace: Workspace, component: str) -> Page:
    """Return the page of a component; raise PlatinfraError when it has none."""
    components = _components(workspace)
    name = chosen_component(component, components)
    port = _usual_port(components[name], workspace)
    folder = terraform_folder(workspace)
    terraform = Terraform(folder)
    terraform.init()
    target = terraform.output().get("platform", {}).get("machine_instance_id")
    if port is None or target is None:
        raise no_page(name)
    region = json.loads((folder / TERRAFORM).read_text())["provider"]["aws"]["region"]
    ports = f"portNumber={port},localPortNumber={port}"
    document = ("--document-name", "AWS-StartPortForwardingSession", "--parameters", ports)
    tunnel = ("aws", "ssm", "start-session", "--region", region, "--target", target, *document)
    address = f"http://127.0.0.1:{port}"
    return Page(f"{address}, as long as this runs:\n{shlex.join(tunnel)}", address, tunnel, ("session-manager-plugin",))


def _components(workspace: Workspace) -> Mapping[str, Mapping[str, Any]]:
    components = State.from_data(StateFile(workspace.root).load()).components
    if not components:
        raise not_up(workspace)
    return components


def _usual_port(data: Mapping[str, Any], workspace: Workspace) -> int | None:
    """Return the port of a component's page where every tool has its usual one, as on a machine of its own."""
    tool = Catalog.beside(workspace.folder).find(data["tool"])
    http = tool.endpoints.get("http") if tool else None
    return http.port if http else None
