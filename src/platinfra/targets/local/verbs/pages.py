"""The pages of components on this machine."""

from collections.abc import Mapping

from platinfra.drivers.files import LocalFiles
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Page
from platinfra.targets.local.record import reveal
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.running import Running, running
from platinfra.targets.target import chosen_component, no_page


def pages(workspace: Workspace) -> Mapping[str, str]:
    """Return the components that have a page, with their addresses."""
    components = running(workspace, up=True).components
    return {name: each.url for name, each in components.items() if each.url}


def page(workspace: Workspace, component: str) -> Page:
    """Return the page of a component; raise PlatinfraError when it has none."""
    stack = running(workspace, up=True)
    name = chosen_component(component, stack.components)
    data = stack.components[name]
    if data.url is None:
        raise no_page(name)
    if not data.page:
        return Page(data.url, data.url)
    return Page(data.url, _private_link(stack, name, reveal(data.page, machine.secrets(workspace).get)))


def _private_link(stack: Running, name: str, url: str) -> str:
    """Return the address of a file that leads to `url`: a browser's arguments are visible to every user."""
    file = stack.workspace.root / "pages" / f"{name}.html"
    LocalFiles().folder(file.parent)
    LocalFiles().write(file, f'<!doctype html><meta http-equiv="refresh" content="0; url={url}"><title>{name}</title>')
    return file.as_uri()
