"""What starts Ray's head on a machine, without Ray."""

import runpy
from pathlib import Path
from typing import Any

import yaml

from platinfra.drivers import program_files
from tests.stacks import CATALOG

HEAD = runpy.run_path(str(CATALOG.folder("ray") / "head.py"))
LONGEST_SOCKET = "sockets/dash_MetricsHead"
LIMIT = 107
"""Bytes of the path of a unix socket."""


class Parameters:
    """Keeps what it is given, as RayParams does."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def update_if_absent(self, **values: Any) -> None:
        self.found |= values


def test_the_sockets_of_a_session_fit_below_the_longest_folder_that_is_given_as_it_is() -> None:
    parameters = Parameters()
    HEAD["name_session"](parameters, head=True)
    name = parameters.found["session_name"]
    assert len(f"{'x' * program_files._LONGEST}/{name}/{LONGEST_SOCKET}") <= LIMIT


def test_only_the_newest_sessions_of_former_heads_are_kept(tmp_path: Path) -> None:
    for number in range(1, 5):
        (tmp_path / f"session_176000000{number}" / "logs").mkdir(parents=True)
    (tmp_path / "session_latest").symlink_to(tmp_path / "session_1760000004")
    (tmp_path / "other").mkdir()
    HEAD["forget_sessions"](tmp_path)
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ["other", "session_1760000003", "session_1760000004", "session_latest"]


def test_python_is_started_from_the_environment_itself_and_not_from_the_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/usr/bin/env")
    (tmp_path / "a link").symlink_to(tmp_path / "venv")
    found = HEAD["behind_links"](str(tmp_path / "a link" / "bin" / "python"))
    assert found == str(tmp_path / "venv" / "bin" / "python")


def test_ray_reads_where_it_runs_and_asks_no_cloud(tmp_path: Path) -> None:
    HEAD["name_provider"](tmp_path)
    assert yaml.safe_load((tmp_path / "ray_bootstrap_config.yaml").read_text()) == {"provider": {"type": "local"}}
    assert CATALOG.get("ray").client.env["RAY_USAGE_STATS_REPORT_URL"].startswith("http://127.0.0.1:")
