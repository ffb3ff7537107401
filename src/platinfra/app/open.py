"""The page of a component."""

from pathlib import Path

from platinfra.app import local
from platinfra.app.running import Running, running
from platinfra.app.workspace import chosen_component
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles


def pages(file: Path | None, environment: str | None) -> dict[str, str]:
    """Return the components that have a page, with their addresses."""
    stack = running(file, environment, up=True)
    return {
        name: data["endpoints"]["http"]["url"] for name, data in stack.components.items() if "http" in data["endpoints"]
    }


def page(file: Path | None, environment: str | None, component: str) -> tuple[str, str]:
    """Return the address to show and the address to open: a private file where a login is part of the link."""
    stack = running(file, environment, up=True)
    name = chosen_component(component, dict(stack.components))
    data = stack.components[name]
    if "http" not in data["endpoints"]:
        raise PlatinfraError(Diagnostic("no-page", f"`{name}` has no page"))
    url = str(data["endpoints"]["http"]["url"])
    if not data["page"]:
        return url, url
    fetch = local.secrets(stack.workspace).get
    full = "".join(part if isinstance(part, str) else fetch(part["component"], part["secret"]) for part in data["page"])
    return url, _private_link(stack, name, full)


def _private_link(stack: Running, name: str, url: str) -> str:
    """Return the address of a file that leads to `url`: a browser's arguments are visible to every user."""
    file = stack.workspace.root / "pages" / f"{name}.html"
    LocalFiles().folder(file.parent)
    LocalFiles().write(file, f'<!doctype html><meta http-equiv="refresh" content="0; url={url}"><title>{name}</title>')
    return file.as_uri()
