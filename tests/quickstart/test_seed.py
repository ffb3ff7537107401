"""The seed's stack on this machine: everything comes up, its project gets to the alert, every wire holds, and nothing is left."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.docs.blocks import blocks
from tests.quickstart.test_quickstart import ROOT, copied, ok, processes_of, rows, run

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
HERE = ("--env", "laptop")
README = ROOT / "examples" / "seed" / "README.md"
PAGES = ("ZenML", "MLflow", "Ray", "BentoML", "Triton", "NannyML")


def with_free_port(folder: Path) -> Path:
    """Give the project a port for its alerts that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    file = folder / "platinfra.yaml"
    file.write_text(file.read_text().replace("127.0.0.1:8765", f"127.0.0.1:{port}"))
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = with_free_port(copied(tmp_path_factory.mktemp("seed") / "project", "seed"))
    try:
        ok(folder, "up", *HERE)
        yield folder
    finally:
        run(folder, "down", *HERE)


def test_the_project_gets_from_its_data_to_the_alert(project: Path) -> None:
    plan = ok(project, "plan", *HERE)
    assert "stands for `aws-batch`" in plan
    table = rows(ok(project, "run", *HERE, "--", "python", "main.py"))
    assert table["Model"] == "tumours version 1 (champion)"
    assert float(table["Accuracy"].split()[0]) > 0.9
    assert "mean_area" in table["Drift"]
    assert table["Alert"].startswith("received: tumours version 1, drift = mean_area")
    for name in PAGES:
        path = "/v2/health/ready" if name == "Triton" else "/readyz" if name == "BentoML" else ""
        with urllib.request.urlopen(f"{table[name]}{path}", timeout=20) as answer:
            assert answer.status == 200, name


def test_the_readme_names_the_commands_that_are_run_here() -> None:
    (block,) = (each for each in blocks(README) if each.kind == "platform")
    assert [command for command, _ in block.commands()] == [
        "platinfra up --env laptop",
        "platinfra run --env laptop -- python main.py",
        "platinfra check --env laptop",
        "platinfra down --env laptop",
    ]


def test_only_this_machine_can_reach_it(project: Path) -> None:
    own = {each.pid for each in processes_of(project)}
    there = {each.laddr.ip for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.pid in own}
    assert own
    assert there <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_every_wire_holds_and_nothing_is_left_at_the_end(project: Path) -> None:
    checks = ok(project, "check", *HERE)
    assert "✗" not in checks
    status = json.loads(ok(project, "status", *HERE, "--json"))["components"]
    assert {each["health"] for each in status} == {"healthy"}
    ok(project, "down", *HERE, "--delete-data", "--confirm", "tumours")
    assert processes_of(project) == []
    left = {each.name for each in (project / ".platinfra" / "laptop").iterdir()}
    assert left == {"audit.jsonl", "audit-last.json", "audit.lock", "lock"}
