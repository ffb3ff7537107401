"""`platinfra portal`."""

import os
import sys

import click

from platinfra.cli import options, render


@click.command("portal")
@options.stack_file
@click.option("--port", type=click.IntRange(0, 65535), help="The port. The default is 7700, or the next that is free.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def command(which: options.Which, port: int | None, *, no_browser: bool) -> None:
    """
    Show the stack as a web page on this machine until Ctrl-C.

    The address holds a login that works once; each use prints the next one.

    \b
    Example:
      platinfra portal
      platinfra portal --port 7800 --no-browser
    """
    from platinfra.app.portal import leading_file, window
    from platinfra.portal.server import serve

    def begin(address: str) -> None:
        click.echo(address)
        render.say_done("Stop with Ctrl-C.")
        if not no_browser and sys.stdout.isatty() and _has_screen():
            click.launch(leading_file(shown, address) or "http://" + address.split("/")[2])

    shown = window(*which)
    serve(shown, port, begin, lambda address: render.say_done(f"For another browser: {address}"))


def _has_screen() -> bool:
    """Tell whether a browser could appear; where none can, some take the terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
