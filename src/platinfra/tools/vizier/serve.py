"""Serve studies over gRPC: Vizier's own server, with its database in a file."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from vizier.service import servers


def main() -> None:
    """Run until a signal ends us."""
    made = argparse.ArgumentParser(description="Keep studies, and suggest what to try next.")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--data", type=Path, required=True)
    options = made.parse_args()
    # Before the server starts its threads: they block the signals too, and this one waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends := {signal.SIGTERM, signal.SIGINT})
    database = f"sqlite:///{options.data / 'studies.db'}"
    server = servers.DefaultVizierServer(host=options.host, port=options.port, database_url=database)
    print(f"studies are served at {server.endpoint}", flush=True)
    signal.sigwait(ends)


if __name__ == "__main__":
    main()
    # Without waiting for its threads: every answer that was given is in the database.
    raise SystemExit(0)
