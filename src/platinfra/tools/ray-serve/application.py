"""
The application itself: `application.py --port PORT … FILE`; the file says what is served now.

Ray's processes are ours alone. What Ray and Serve have no public setting for is set by their private parts, as the lock has them.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from functools import partialmethod
from pathlib import Path

import ray
from ray import serve
from ray._common.tls_utils import add_port_to_grpc_server
from ray._private.parameter import RayParams
from ray.serve._private import replica
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from model_server.passing_on import RefusedError, read_present, score

NAME = "model"


@serve.deployment
class Model:
    """A replica, which answers requests of MLflow's scoring protocol with what the model says; that has a process of its own."""

    def __init__(self, file: Path) -> None:
        """Know the file that says what is served; Serve opens the replica's port for others once this is done."""
        listen_on_loopback()
        self._file = file

    async def __call__(self, request: Request) -> Response:
        """Have the present version predict; what it refuses is refused here."""
        if (request.method, request.url.path) != ("POST", "/invocations"):
            return JSONResponse({"detail": "models answer POST /invocations"}, status_code=404)
        body = await request.body()
        try:
            answer = await asyncio.to_thread(lambda: score(read_present(self._file)["port"], body))
        except RefusedError as error:
            return JSONResponse({"detail": str(error)}, status_code=error.status)
        return Response(answer, media_type="application/json")


def listen_on_loopback() -> None:
    """Keep the port that a replica has for other replicas on this machine: Serve opens it on every interface."""
    replica.add_port_to_grpc_server = lambda server, _: add_port_to_grpc_server(server, "127.0.0.1:0")


def start_ray(folder: Path, options: argparse.Namespace) -> None:
    """Start a Ray of our own on loopback, with its files in a folder; without a core for tasks, as replicas only pass on."""
    for each in folder.glob("session_*"):  # of a former start, whose processes have ended
        each.unlink() if each.is_symlink() else shutil.rmtree(each, ignore_errors=True)
    # Ray looks here first for the cloud it is in: otherwise it asks the clouds' metadata servers.
    (Path.home() / "ray_bootstrap_config.yaml").write_text("provider: {type: local}\n")
    private = {
        # Ray's own name for it is so long that its sockets' paths exceed the 107 bytes of a socket's path.
        "session_name": f"session_{int(time.time())}",
        "dashboard_agent_listen_port": options.agent_port,
        "include_log_monitor": False,
        "no_monitor": True,
    }
    RayParams.__init__ = partialmethod(RayParams.__init__, **private)
    ray.init(
        address="local",
        num_cpus=0,
        include_dashboard=False,
        object_store_memory=options.object_store_mb * 1_000_000,
        log_to_driver=False,
        _metrics_export_port=options.metrics_port,
        _node_ip_address="127.0.0.1",
        _temp_dir=str(folder),
    )


def deploy(options: argparse.Namespace) -> None:
    """Start the proxy and the replicas behind it."""
    serve.start(http_options={"host": options.host, "port": options.port, "location": "HeadOnly"})
    model = Model.options(num_replicas=options.replicas, ray_actor_options={"num_cpus": 0})
    serve.run(model.bind(options.file), name=NAME, route_prefix="/")


def watch() -> None:
    """Return once Ray has lost its node: whoever started us does so again."""
    while any(each["Alive"] for each in ray.nodes()):
        time.sleep(1)


def main() -> None:
    """Run until a signal ends us."""
    made = argparse.ArgumentParser(description="Answer requests with what a model says.")
    made.add_argument("--host", default="127.0.0.1")
    for each in ("port", "metrics-port", "agent-port", "replicas", "object-store-mb"):
        made.add_argument(f"--{each}", type=int, required=True)
    made.add_argument("file", type=Path)
    options = made.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    start_ray(Path(os.environ["TMPDIR"]), options)
    deploy(options)
    watch()


if __name__ == "__main__":
    main()
