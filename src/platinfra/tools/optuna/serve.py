"""One server for studies: their storage over gRPC, so that no client needs the database's password, and their dashboard."""

from __future__ import annotations

import argparse
import os
import signal
import socketserver
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna
import optuna_dashboard

ANSWER_SECONDS = 60


class Pages(socketserver.ThreadingMixIn, WSGIServer):
    """Serves several people at once."""

    daemon_threads = True


class Visit(WSGIRequestHandler):
    """One request; who connects and says nothing is not waited for."""

    timeout = ANSWER_SECONDS

    def log_message(self, *_: object) -> None:
        """Stay silent: readiness probes would fill the log."""


def share(storage: optuna.storages.BaseStorage, host: str, port: int) -> None:
    """Answer clients; without this the server is of no use, so it ends with it."""
    try:
        optuna.storages.run_grpc_proxy_server(storage, host=host, port=port)
    except Exception as error:
        print(f"the storage is not shared any more: {error!r}", file=sys.stderr)
        os._exit(1)


def main() -> None:
    """Run until a signal ends us."""
    made = argparse.ArgumentParser(description="Share the studies of a database, and show them.")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--storage-port", type=int, required=True)
    options = made.parse_args()
    # In the environment because the address holds the password.
    storage = optuna.storages.get_storage(os.environ["DATABASE_URL"])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is kept in memory
    threading.Thread(target=share, args=(storage, options.host, options.storage_port), daemon=True).start()
    pages = optuna_dashboard.wsgi(storage)
    make_server(options.host, options.port, pages, server_class=Pages, handler_class=Visit).serve_forever()


if __name__ == "__main__":
    main()
