"""Serve the portal until it is interrupted."""

from collections.abc import Callable
from contextlib import suppress

import uvicorn

from platinfra.app.portal import Window
from platinfra.drivers.port import listen
from platinfra.portal.app import portal
from platinfra.portal.gate import Gate
from platinfra.portal.html import prepare
from platinfra.portal.session import Session

USUAL_PORT = 7700
_GRACE = 2
"""Seconds for what is being answered when the portal ends."""


def serve(window: Window, port: int | None, begun: Callable[[str], None], say: Callable[[str], None]) -> None:
    """
    Serve on loopback: on a port, or on the usual one or the next that is free.

    `begun` gets the first login path once it can be opened, `say` each later one. Raises PlatinfraError for a port that is taken.
    """
    with listen(USUAL_PORT if port is None else port, or_next=port is None) as door:
        session = Session("{}:{}".format(*door.getsockname()))
        server = server_of(portal(window, session, say, lambda: server.should_exit))
        prepare()
        begun(session.login_url)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[door])


def server_of(app: Gate) -> uvicorn.Server:
    """Return the server of a portal, which says nothing of itself and writes no log."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    return uvicorn.Server(config)
