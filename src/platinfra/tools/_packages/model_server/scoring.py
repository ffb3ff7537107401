"""
Run MLflow's own scoring server of a model on an inherited socket.

This runs in the model's environment, so it imports nothing but what MLflow brings there.
"""

import argparse
import logging
import os
import socket
from importlib import import_module
from importlib.util import find_spec

MODEL_VARIABLE = "__pyfunc_model_path__"  # mlflow.pyfunc.scoring_server._SERVER_MODEL_PATH
IDLE_SECONDS = 3600  # longer than the gateway keeps an idle connection: only the gateway may close one


def serve(listener: socket.socket) -> None:
    """Serve the application that `mlflow models serve` would run; importing it loads the model."""
    app = import_module("mlflow.pyfunc.scoring_server.app").app
    uvicorn = import_module("uvicorn")
    config = uvicorn.Config(
        app, timeout_keep_alive=IDLE_SECONDS, timeout_graceful_shutdown=10, access_log=False, log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[listener])


def serve_wsgi(listener: socket.socket) -> None:
    """Serve the application of an MLflow before 3, which is a Flask one."""
    app = import_module("mlflow.pyfunc.scoring_server.wsgi").app
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    import_module("werkzeug.serving").make_server(
        "127.0.0.1", 0, app, threaded=True, fd=listener.fileno()
    ).serve_forever()


def main() -> None:
    """Serve until a signal ends us."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("model")
    options = parser.parse_args()
    os.environ[MODEL_VARIABLE] = options.model
    new = find_spec("mlflow.pyfunc.scoring_server.app")
    (serve if new else serve_wsgi)(socket.socket(fileno=options.fd))


if __name__ == "__main__":
    main()
