"""Envoy in front of the scoring servers: what it is told in files, and what it says of itself."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_server.fronts import END_SECONDS, Front
from model_server.processes import StartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model_server.fronts import Scorer
    from model_server.processes import Child

API = "type.googleapis.com/envoy."
ANSWER_SECONDS = 75  # MLflow's scoring server gives up after 60 s by itself
IDLE_SECONDS = 600  # shorter than a scoring server keeps an idle connection, so that none is closed under a request
TAKEN_SECONDS = 10.0
"""Seconds until Envoy has to have taken what was written."""
ABSENT_SECONDS = 10.0
"""Seconds for which requests wait for a scoring server that ended: most of them are back before."""
SCORING_PATHS = ("/invocations", "/ping", "/version")
STATUS = "status"
"""The cluster that answers everything but scoring, and scoring while nothing is served."""
KINDS = {"model_server_requests_total": "counter", "model_server_request_duration_seconds": "histogram"}
MANY = 4096
"""Requests, connections and retries at a time: Envoy's usual bounds are made for many small servers."""


class Envoy(Front):
    """Envoy, which passes requests on to the present version."""

    def __init__(self, data: Path, address: tuple[str, int], status: int) -> None:
        """Listen at an address; what is not for a scoring server goes to the port of the status application."""
        super().__init__(data)
        self._address = address
        self._status = status
        self._edition = 0
        self._writing = threading.Lock()
        self._sockets = Path(tempfile.mkdtemp(prefix="envoy-"))  # a socket's path has to be short
        self._waiting = True

    def start(self) -> None:
        """Start with no model; raise StartError when Envoy does not come up."""
        self._write("envoy", bootstrap(self.data, self._sockets / "admin", self._address))
        self._tell([], None)
        super().start()
        threading.Thread(target=self._watch_worker, daemon=True).start()

    def spawn(self) -> Child:
        """Start Envoy; `--disable-hot-restart` keeps it from sharing memory with other ones of this user."""
        ours = Path(sys.executable).parent
        program = shutil.which("envoy", path=os.pathsep.join([str(ours), os.environ.get("PATH", os.defpath)]))
        if program is None:
            raise StartError("there is no Envoy on this machine")
        command = [program, "-c", str(self._file("envoy")), "--concurrency", "1", "-l", "warning"]
        return self.child([*command, "--disable-hot-restart"], os.environ, self._address[1], "/health")

    def switch(self, scorer: Scorer) -> None:
        """Have Envoy send requests to a version from now on; raise StartError, and the files name the present one again."""
        present = [self.present] if self.present else []
        self._waiting = True
        self._tell([scorer, *present], scorer)
        try:
            self._await_taken()
        except StartError:
            self._tell(present, self.present)
            raise

    def unload(self) -> None:
        """Have Envoy send no more requests to any version."""
        self._tell([self.present] if self.present else [], None)
        self._await_taken()

    def is_draining(self, former: Scorer) -> bool:
        """Tell whether a version that was replaced still has requests."""
        name = f"cluster.{former.version.key}.upstream_rq_active"
        return self.stats(name).get(name, 0) > 0

    def close(self) -> None:
        """Let requests in hand be answered, for some seconds, then end everything."""
        self.ask("POST", "/drain_listeners?graceful&skip_exit")
        name, deadline = "http.models.downstream_rq_active", time.monotonic() + END_SECONDS / 2
        while self.stats(name).get(name, 0) > 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        super().close()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def stats(self, name: str) -> Mapping[str, Any]:
        """Return what Envoy counts under a name; nothing while it does not answer."""
        told = self.ask("GET", f"/stats?format=json&filter=^{name.replace('.', '%5C.')}$")
        found = json.loads(told).get("stats", []) if told else []
        return {each["name"]: each["value"] for each in found if "name" in each}

    def ask(self, method: str, path: str) -> bytes:
        """Ask Envoy's own interface; nothing when it does not answer."""
        connection = LocalConnection(self._sockets / "admin")
        try:
            connection.request(method, path)
            return connection.getresponse().read()
        except (OSError, HTTPException):
            return b""
        finally:
            connection.close()

    def _file(self, name: str) -> Path:
        return self.data / f"{name}.json"

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a file at once: Envoy looks when another one takes its place."""
        draft = self._file(name).with_suffix(".draft")
        draft.write_text(json.dumps(content, indent=1))
        draft.replace(self._file(name))

    def _tell(self, scorers: Sequence[Scorer], served: Scorer | None) -> None:
        with self._writing:
            self._edition += 1
            known = [cluster(each.version.key, each.port) for each in scorers]
            self._write("clusters", resources(self._edition, [cluster(STATUS, self._status), *known]))
            self._write("routes", resources(self._edition, [routes(served)]))

    def _await_taken(self) -> None:
        """Wait until Envoy goes by what was written; raise StartError when it does not."""
        names = ("cluster_manager.cds.version_text", "http.models.rds.models.version_text")
        deadline = time.monotonic() + TAKEN_SECONDS
        while {self.stats(each).get(each) for each in names} != {str(self._edition)}:
            if self.is_ending or time.monotonic() > deadline:
                raise StartError("Envoy does not take its new routes")
            time.sleep(0.02)

    def _watch_worker(self) -> None:
        """Answer for a scoring server that does not come back, and send requests there again when it does."""
        absent = 0.0
        while not self.is_ending:
            present = self.present
            absent = absent + 0.5 if present and present.worker.port is None else 0.0
            waiting = absent < ABSENT_SECONDS
            if present and waiting != self._waiting:
                self._waiting = waiting
                self._tell([present], present if waiting else None)
            time.sleep(0.5)


class LocalConnection(HTTPConnection):
    """HTTP on a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=5)
        self._path = str(path)

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def bootstrap(data: Path, admin: Path, address: tuple[str, int]) -> dict[str, Any]:
    """Return what Envoy starts with: where it listens, and the files that say the rest."""
    return {
        "node": {"id": "gateway", "cluster": "gateway"},
        "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
        "stats_flush_interval": "1s",
        "overload_manager": {"resource_monitors": [connections()]},
        "dynamic_resources": {"cds_config": source(data / "clusters.json")},
        "static_resources": {"listeners": [listener(*address, source(data / "routes.json"))]},
    }


def connections() -> dict[str, Any]:
    """Return how many connections of clients may be open."""
    kind = f"{API}extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    limit = {"@type": kind, "max_active_downstream_connections": MANY}
    return {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": limit}


def source(file: Path) -> dict[str, Any]:
    """Return that something is read from a file, and again when another takes its place."""
    return {"resource_api_version": "V3", "path_config_source": {"path": str(file)}}


def listener(host: str, port: int, routes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the address and what is done with each request."""
    manager = {
        "@type": f"{API}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "models",
        "rds": {"route_config_name": "models", "config_source": routes},
        "use_remote_address": True,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "server_header_transformation": "PASS_THROUGH",
        "http_protocol_options": {"accept_http_10": True},
        "local_reply_config": {
            "body_format": {"json_format": {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "%LOCAL_REPLY_BODY%"}}
        },
        "http_filters": [
            {
                "name": "router",
                "typed_config": {
                    "@type": f"{API}extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    return {
        "name": "models",
        "address": {"socket_address": {"address": host, "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def resources(edition: int, each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of a file of resources."""
    return {"version_info": str(edition), "resources": each}


def cluster(name: str, port: int) -> dict[str, Any]:
    """Return a server on this machine."""
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), MANY)
    return {
        "@type": f"{API}config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [limits]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{API}extensions.upstreams.http.v3.HttpProtocolOptions",
                "common_http_protocol_options": {"idle_timeout": f"{IDLE_SECONDS}s"},
                "explicit_http_config": {"http_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
                    ]
                }
            ],
        },
    }


def routes(served: Scorer | None) -> dict[str, Any]:
    """Return which server answers what."""
    return {
        "@type": f"{API}config.route.v3.RouteConfiguration",
        "name": "models",
        "virtual_hosts": [
            {
                "name": "models",
                "domains": ["*"],
                "virtual_clusters": [
                    {"name": "scoring", "headers": [{"name": ":path", "string_match": {"prefix": "/invocations"}}]}
                ],
                "routes": [
                    *([{"match": {"path": each}, **scored(served)} for each in SCORING_PATHS] if served else []),
                    {"match": {"prefix": "/"}, "route": {"cluster": STATUS}},
                ],
            }
        ],
    }


def scored(served: Scorer) -> dict[str, Any]:
    """Return the way to a version: a request that it broke off is sent once more, and waits until it is back."""
    version = {"header": {"key": "x-model-version", "value": served.version.version}}
    return {
        "response_headers_to_add": [version],
        "route": {
            "cluster": served.version.key,
            "timeout": f"{ANSWER_SECONDS}s",
            "retry_policy": {"retry_on": "connect-failure,reset", "num_retries": 1},
        },
    }


def exposition(said: str) -> Iterator[str]:
    """Yield Envoy's counts of scoring requests (its Prometheus format) under the names of a model server, in seconds."""
    found = list(_counts(said))
    for name, kind in KINDS.items():
        yield f"# TYPE {name} {kind}"
        yield from (line for line in found if line.startswith(name))


def _counts(text: str) -> Iterator[str]:
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        labels, _, value = rest.rpartition("} ")
        known = dict(part.split("=", 1) for part in labels.split(",") if "=" in part)
        match name.removeprefix("envoy_vhost_vcluster_upstream_rq"):
            case "" if "envoy_response_code" in known:
                yield f"model_server_requests_total{{code={known['envoy_response_code']}}} {value}"
            case "_time_bucket":
                bound = known["le"].strip('"')
                seconds = bound if bound == "+Inf" else f"{float(bound) / 1000:g}"
                yield f'model_server_request_duration_seconds_bucket{{le="{seconds}"}} {value}'
            case "_time_sum":
                yield f"model_server_request_duration_seconds_sum {float(value) / 1000:g}"
            case "_time_count":
                yield f"model_server_request_duration_seconds_count {value}"
            case _:
                pass
