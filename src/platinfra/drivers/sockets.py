"""Who listens on this machine."""

from platinfra.drivers.port import holder


class LocalSockets:
    """Implements `Sockets` by the system's table of listeners."""

    def holder(self, port: int) -> str | None:
        """Name who listens on a port; None when it is free."""
        return holder(port)
