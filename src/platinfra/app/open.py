"""The page of a component."""

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platinfra.app import local
from platinfra.app.kubernetes.running import addresses, in_cluster, route, tunnel
from platinfra.app.running import Running, not_up, running
from platinfra.app.workspace import Workspace, at, chosen_component
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles

_PLUGIN = "session-manager-plugin"


@dataclass(frozen=True, slots=True)
class Page:
    """Where a component's page is."""

    shown: str
    opened: str
    """What a browser opens: a private file where a login is part of the link."""
    tunnel: tuple[str, ...] = ()
    """The command that makes the page of another machine appear here; it lasts until it is interrupted."""


def pages(file: Path | None, environment: str | None) -> dict[str, str]:
    """Return the components that have a page, with their addresses."""
    workspace = at(file, environment)
    if (stack_there := in_cluster(workspace)) is not None:
        return addresses(stack_there)
    on_aws = _components_on_aws(workspace)
    if on_aws is not None:
        ports = {name: _usual_port(each, workspace) for name, each in on_aws.items()}
        return {name: f"http://127.0.0.1:{port}" for name, port in ports.items() if port}
    stack = running(file, environment, up=True)
    return {
        name: data["endpoints"]["http"]["url"] for name, data in stack.components.items() if "http" in data["endpoints"]
    }


def page(file: Path | None, environment: str | None, component: str) -> Page:
    """Return the page of a component; raise PlatinfraError when it has none."""
    workspace = at(file, environment)
    if (stack_there := in_cluster(workspace)) is not None:
        if (address := route(stack_there, component)) is not None:
            return Page(address, address)
        url, command = tunnel(stack_there, component)
        return Page(f"{url}, as long as this runs:\n{shlex.join(command)}", url, command)
    on_aws = _components_on_aws(workspace)
    if on_aws is not None:
        return _on_machine(workspace, on_aws, component)
    stack = running(file, environment, up=True)
    name = chosen_component(component, dict(stack.components))
    data = stack.components[name]
    if "http" not in data["endpoints"]:
        raise _no_page(name)
    url = str(data["endpoints"]["http"]["url"])
    if not data["page"]:
        return Page(url, url)
    fetch = local.secrets(stack.workspace).get
    full = "".join(part if isinstance(part, str) else fetch(part["component"], part["secret"]) for part in data["page"])
    return Page(url, _private_link(stack, name, full))


def forward(command: tuple[str, ...]) -> None:
    """Replace this process by a tunnel; raise PlatinfraError without the programs that it takes."""
    wanted = (command[0], _PLUGIN) if command[0] == "aws" else command[:1]
    missing = [each for each in wanted if shutil.which(each) is None]
    if missing:
        hint = "install it; `--print` only prints the command"
        raise PlatinfraError(Diagnostic("unknown-program", f"there is no program `{missing[0]}`", hint=hint))
    os.execvp(command[0], command)


def _components_on_aws(workspace: Workspace) -> Mapping[str, Mapping[str, Any]] | None:
    """Return the components of a stack on AWS; None when it is on this machine."""
    state, _ = local.load_state(workspace)
    if state.target != "aws":
        return None
    if not state.components:
        raise not_up(workspace)
    return state.components


def _on_machine(workspace: Workspace, components: Mapping[str, Mapping[str, Any]], component: str) -> Page:
    """Return the page of a component on a stack's virtual machine: Session Manager leads there, no port is open."""
    from platinfra.app.aws.stack import terraform_folder
    from platinfra.app.folder import TERRAFORM
    from platinfra.drivers.terraform import Terraform

    name = chosen_component(component, dict(components))
    port = _usual_port(components[name], workspace)
    folder = terraform_folder(workspace)
    terraform = Terraform(folder)
    terraform.init()
    target = terraform.output().get("platform", {}).get("machine_instance_id")
    if port is None or target is None:
        raise _no_page(name)
    region = json.loads((folder / TERRAFORM).read_text())["provider"]["aws"]["region"]
    ports = f"portNumber={port},localPortNumber={port}"
    document = ("--document-name", "AWS-StartPortForwardingSession", "--parameters", ports)
    tunnel = ("aws", "ssm", "start-session", "--region", region, "--target", target, *document)
    return Page(
        f"http://127.0.0.1:{port}, as long as this runs:\n{shlex.join(tunnel)}", f"http://127.0.0.1:{port}", tunnel
    )


def _usual_port(data: Mapping[str, Any], workspace: Workspace) -> int | None:
    """Return the port of a component's page where every tool has its usual one, as on a machine of its own."""
    tool = workspace.catalog().find(data["tool"])
    http = tool.endpoints.get("http") if tool else None
    return http.port if http else None


def _no_page(name: str) -> PlatinfraError:
    return PlatinfraError(Diagnostic("no-page", f"`{name}` has no page"))


def _private_link(stack: Running, name: str, url: str) -> str:
    """Return the address of a file that leads to `url`: a browser's arguments are visible to every user."""
    file = stack.workspace.root / "pages" / f"{name}.html"
    LocalFiles().folder(file.parent)
    LocalFiles().write(file, f'<!doctype html><meta http-equiv="refresh" content="0; url={url}"><title>{name}</title>')
    return file.as_uri()
