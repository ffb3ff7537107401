"""A target that an installed package brings: the real command line does everything with it, and nothing of ours names it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STACK = "name: demo\nprovider: {name: paper}\nstack:\n  experiment_tracker: [mlflow]\n"

Run = Callable[..., subprocess.CompletedProcess[str]]


def install(site: Path, module: str, source: str) -> None:
    """Put a package with an entry point where Python finds it."""
    info = site / f"{module}-1.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[platinfra.targets]\npaper = {module}:TARGET\n")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "platinfra.yaml").write_text(STACK)
    program = Path(sys.executable).with_name("platinfra")

    def run_command(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "COLUMNS": "120"}
        ended = subprocess.run(
            [program, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60
        )
        assert ended.returncode == code, (ended.stdout, ended.stderr)
        return ended

    return run_command


@pytest.fixture
def paper(run: Run, tmp_path: Path) -> Run:
    install(tmp_path / "site", "paper_target", (Path(__file__).parent / "paper.py").read_text())
    return run


def test_a_stack_goes_up_is_looked_at_drifts_and_goes_down(paper: Run, tmp_path: Path) -> None:
    assert "3 components" in paper("validate").stderr
    assert "+ write mlflow" in paper("plan").stdout
    paper("plan", "--exit-code", code=3)
    assert str(tmp_path / ".platinfra" / "default" / "sheet.json") in paper("up").stdout
    assert "nothing to write" in paper("plan", "--exit-code").stdout
    assert json.loads(paper("status", "--json").stdout)["components"][0]["name"] == "mlflow"
    assert "a line about mlflow" in paper("logs").stdout
    assert "paper:mlflow" in paper("open", "mlflow", "--print").stdout
    assert "a signature" in paper("permissions").stdout
    sheet = tmp_path / ".platinfra" / "default" / "sheet.json"
    sheet.write_text(json.dumps({"mlflow": "mlflow"}))
    assert "was removed" in paper("drift", "--exit-code", code=3).stdout
    (tmp_path / "platinfra.yaml").unlink()
    assert "torn up" in paper("down").stderr
    assert not sheet.exists()


def test_what_it_can_write_down_is_rendered(paper: Run, tmp_path: Path) -> None:
    paper("render", "--out", "out")
    assert "mlflow" in (tmp_path / "out" / "sheet.txt").read_text()


def test_a_command_that_it_does_not_have_says_so_with_its_own_words(paper: Run) -> None:
    paper("up")
    ended = paper("restart", "mlflow", code=2)
    assert "error[target-not-available]: `restart` is not available on the target `paper`" in ended.stderr
    assert "take a new sheet" in ended.stderr


def test_it_reads_its_own_sections_of_the_file(paper: Run, tmp_path: Path) -> None:
    file = tmp_path / "platinfra.yaml"
    file.write_text(STACK.replace("name: paper", "name: paper, ink: blue"))
    paper("validate")
    file.write_text(STACK.replace("name: paper", "name: paper, inc: blue"))
    assert "error[unknown-key]: `inc` is not a key" in (error := paper("validate", code=2).stderr)
    assert "did you mean `ink`?" in error
    file.write_text(STACK.replace("name: paper", "name: paper, ink: white"))
    assert "error[unreadable]" in (error := paper("validate", code=2).stderr)
    assert "platinfra.yaml:2:30" in error
    file.write_text(STACK.replace("name: paper", "name: paper, region: eu-central-1"))
    assert "`region` belongs to `aws`, not to `paper`" in paper("validate", code=2).stderr


def test_its_types_of_deployment_are_checked(paper: Run, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("stack:", "deployment: {type: rol}\nstack:", 1))
    ended = paper("validate", code=2)
    assert "`rol` is not a deployment type of `paper`" in ended.stderr
    assert "did you mean `roll`?" in ended.stderr


def test_tools_that_have_no_place_there_are_refused_with_those_that_have(paper: Run, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("experiment_tracker: [mlflow]", "data_versioning: [lakefs]"))
    ended = paper("validate", code=2)
    assert "`lakefs` cannot run on `paper`: " in ended.stderr
    assert "`dvc`" in ended.stderr


def test_without_the_package_its_name_is_unknown(run: Run) -> None:
    ended = run("validate", code=2)
    assert "`paper` is not a value of `name`" in ended.stderr


def test_a_stack_whose_target_is_gone_says_so_and_keeps_its_state(paper: Run, tmp_path: Path) -> None:
    paper("up")
    shutil.rmtree(tmp_path / "site")
    for command in (["status"], ["down"]):
        assert "error[target-missing]: the stack is on the target `paper`" in paper(*command, code=2).stderr
    assert (tmp_path / ".platinfra" / "default" / "sheet.json").exists()


def test_a_broken_package_is_named_and_keeps_nothing_else_from_working(run: Run, tmp_path: Path) -> None:
    install(tmp_path / "site", "paper_target", "raise RuntimeError('out of paper')\n")
    ended = run("validate", code=2)
    assert "error[broken-package]: the package `paper-target` provides the target `paper`" in ended.stderr
    assert "out of paper" in ended.stderr
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("paper", "local"))
    run("validate")
    run("tools")


def test_tools_are_listed_for_it(paper: Run) -> None:
    listed = paper("tools", "--target", "paper").stdout
    assert "mlflow" in listed
    assert "lakefs" not in listed
    assert "did you mean `paper`?" in paper("tools", "--target", "papr", code=2).stderr


def test_a_broken_tool_is_told_and_the_others_are_listed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("paper", "local"))
    broken = tmp_path / "tools" / "abacus"
    broken.mkdir(parents=True)
    (broken / "tool.yaml").write_text("name: abacus\nsumary: Count\n")
    listed = run("tools", "--json")
    assert "mlflow" in {each["name"] for each in json.loads(listed.stdout)["tools"]}
    assert "warning[catalog-entry]: `sumary` is not a key" in listed.stderr
    assert "abacus/tool.yaml:2" in listed.stderr
    run("validate")
    (tmp_path / "platinfra.yaml").write_text(STACK.replace("paper", "local").replace("[mlflow]", "[abacus]"))
    assert "error[catalog-entry]" in run("validate", code=2).stderr


def test_nothing_of_platinfra_names_it() -> None:
    found = subprocess.run(
        [shutil.which("grep") or "grep", "-rniw", "paper", str(ROOT / "src"), "--include=*.py", "--include=*.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
