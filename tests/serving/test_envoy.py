"""What Envoy is told, and how its counts are shown; with the real Envoy where it decides."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from envoy import Envoy, bootstrap, cluster, exposition, resources, routes
from model_servers import environment, tool_python

from model_server.processes import StartError
from model_server.versions import ModelVersion

if TYPE_CHECKING:
    from pathlib import Path

    from model_server.fronts import Scorer

SAID = """\
# TYPE envoy_vhost_vcluster_upstream_rq counter
envoy_vhost_vcluster_upstream_rq{envoy_response_code="200",envoy_virtual_host="models",envoy_virtual_cluster="scoring"} 7
envoy_vhost_vcluster_upstream_rq{envoy_response_code_class="2",envoy_virtual_host="models"} 7
envoy_vhost_vcluster_upstream_rq_retry{envoy_virtual_host="models",envoy_virtual_cluster="scoring"} 0
# TYPE envoy_vhost_vcluster_upstream_rq_time histogram
envoy_vhost_vcluster_upstream_rq_time_bucket{envoy_virtual_host="models",envoy_virtual_cluster="scoring",le="0.5"} 1
envoy_vhost_vcluster_upstream_rq_time_bucket{envoy_virtual_host="models",envoy_virtual_cluster="scoring",le="+Inf"} 7
envoy_vhost_vcluster_upstream_rq_time_sum{envoy_virtual_host="models",envoy_virtual_cluster="scoring"} 41.5
envoy_vhost_vcluster_upstream_rq_time_count{envoy_virtual_host="models",envoy_virtual_cluster="scoring"} 7
"""


def test_counts_have_the_names_of_a_model_server_and_are_in_seconds() -> None:
    assert [*exposition(SAID)] == [
        "# TYPE model_server_requests_total counter",
        'model_server_requests_total{code="200"} 7',
        "# TYPE model_server_request_duration_seconds histogram",
        'model_server_request_duration_seconds_bucket{le="0.0005"} 1',
        'model_server_request_duration_seconds_bucket{le="+Inf"} 7',
        "model_server_request_duration_seconds_sum 0.0415",
        "model_server_request_duration_seconds_count 7",
    ]


def test_while_nothing_is_served_the_status_application_answers_everything() -> None:
    [host] = routes(None)["virtual_hosts"]
    assert [each["route"]["cluster"] for each in host["routes"]] == ["status"]


def test_a_switch_that_envoy_does_not_take_leaves_the_present_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = Envoy(tmp_path, ("127.0.0.1", 1), 2)
    front.present = scorer("1")
    monkeypatch.setattr("envoy.TAKEN_SECONDS", 0.0)  # there is no Envoy that could take anything
    with pytest.raises(StartError):
        front.switch(scorer("2"))
    [told] = json.loads((tmp_path / "routes.json").read_text())["resources"]
    ways = [each["route"]["cluster"] for each in told["virtual_hosts"][0]["routes"]]
    assert ways == [scorer("1").version.key] * 3 + ["status"]


def scorer(version: str) -> Scorer:
    """Return a version that would be served, without a server."""
    found: Any = SimpleNamespace(version=ModelVersion("m", version, "run", 1), port=3)
    return cast("Scorer", found)


@pytest.mark.live
def test_envoy_accepts_what_it_is_told(tmp_path: Path) -> None:
    python = tool_python("fastapi")
    (tmp_path / "clusters.json").write_text(json.dumps(resources(1, [cluster("status", 1)])))
    (tmp_path / "routes.json").write_text(json.dumps(resources(1, [routes(None)])))
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(bootstrap(tmp_path, tmp_path / "admin", ("127.0.0.1", 0))))
    command = [python.with_name("envoy"), "--mode", "validate", "-l", "warning", "-c", file]
    env = environment(python, tmp_path / "home")
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "OK" in done.stdout) == (0, True), done.stderr
    assert "warning" not in done.stderr
