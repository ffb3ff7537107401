"""What people do with real tools in a project of their own: schedules, notebooks and code behind a company's proxy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import proxy
from .stack import CATALOG, Ended, Stack, environment

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

SCHEDULED = """
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    found = client.read_flow_runs()
print(sum(bool(each.auto_scheduled and each.state.is_completed()) for each in found))
"""
ASKED = """
import os, sys, urllib.request
import mlflow
mlflow.set_experiment("proxied")
with mlflow.start_run():
    mlflow.log_metric("m", 1)
urllib.request.urlopen(os.environ["PREFECT_API_URL"] + "/admin/version", timeout=10)
"""


class Ordinary(Stack):
    """A pipeline, a tracker and notebooks, brought up behind a proxy."""

    asked: list[str]
    """What the proxy was asked for."""

    def check(self, component: str) -> Ended:
        """Prove a component through its real client; `check` takes longer than other commands."""
        return self.run("check", component, within=300)

    def in_kernel(self, code: str) -> Ended:
        """Run code in a new kernel of JupyterLab, through its check."""
        python = str(environment("jupyterlab") / "bin" / "python")
        call = f"import sys; sys.path.insert(0, {str(CATALOG / 'jupyterlab')!r}); import check; print(check.in_kernel({code!r}))"
        return self.run("run", "--", python, "-c", call)


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ordinary]:
    made = Ordinary(tmp_path_factory.mktemp("ordinary") / "a project")
    stages = {"pipelining": ["prefect"], "experiment_tracker": ["mlflow"], "notebook": ["jupyterlab"]}
    made.file.write_text(json.dumps({"name": "ordinary", "stack": stages}))
    with pytest.MonkeyPatch.context() as patch, proxy() as (address, asked):
        for name in ("NO_PROXY", "no_proxy"):
            patch.delenv(name, raising=False)
        made.asked = asked
        made.env |= dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), address)
        try:
            up = made.run("up", within=300)
            assert up.code == 0, up.text
            yield made
        finally:
            made.end()


@pytest.mark.finding("F1")
def test_a_flow_with_a_schedule_runs_and_the_check_says_so(ordinary: Ordinary) -> None:
    checked = ordinary.check("prefect")
    assert checked.code == 0, checked.text
    runs = ordinary.run("run", "--", "python", "-c", SCHEDULED)
    assert int(runs.out) >= 1


@pytest.mark.finding("F3")
def test_code_notebooks_and_flows_reach_the_stack_without_the_proxy(ordinary: Ordinary, tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(ASKED)
    before = len(ordinary.asked)
    assert ordinary.run("run", "--", "python", str(script)).code == 0
    notebook = ordinary.in_kernel(f"exec(open({str(script)!r}).read())")
    assert "(None," in notebook.out, notebook.text
    flow = (
        f"import sys; sys.path.insert(0, {str(CATALOG / 'prefect')!r}); import check; print(check.run({str(script)!r}))"
    )
    child = ordinary.command("run", "--", "python", "-c", flow)
    out, err = child.communicate(timeout=120)
    assert out.strip().endswith("None"), out + err
    assert ordinary.asked[before:] == []


@pytest.mark.finding("F12")
def test_installing_inside_a_stack_says_how_packages_get_there(ordinary: Ordinary) -> None:
    for command in (
        ["pip", "install", "-U", "polars"],
        ["python", "-m", "pip", "install", "polars"],
        ["uv", "add", "polars"],
    ):
        refused = ordinary.run("run", "--", *command)
        assert refused.code == 2
        assert "error[packages-are-locked]" in refused.err
        assert "write `polars` into requirements.in" in refused.err
    notebook = ordinary.in_kernel("%pip install polars")
    assert "packages of notebooks come from the project's lock" in notebook.out
