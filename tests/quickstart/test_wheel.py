"""The package as a user installs it: from a wheel, by pip, in an empty folder, with nothing of the repository around."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "platinfra" / "templates"
TEMPLATES = {each.stem: each for each in sorted(FOLDER.glob("*.yaml"))}
TEMPLATES |= {each.parent.name: each for each in sorted(FOLDER.glob("*/platinfra.yaml"))}
ON_AWS = ("cloud_vm", "kubernetes")
pytestmark = [pytest.mark.live, pytest.mark.timeout(500)]


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it with its locked dependencies as pip does, compiled; return its command."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = find_uv_bin()
    build = run(
        uv,
        "build",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        str(folder / "dist"),
        cwd=ROOT,
    )
    assert build.returncode == 0, build.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    python = str(folder / "venv" / "bin" / "python")
    lock = str(ROOT / "requirements" / "dev.lock.txt")
    for command in (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [uv, "pip", "sync", "--offline", "--require-hashes", "--python", python, lock],
        [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--compile", str(wheel)],
    ):
        done = run(*command, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin" / "platinfra"


NOWHERE = {("seed", "cloud_vm")}
"""Templates with tools that a type of deployment has no place for; `validate` says so."""


def places() -> Iterator[tuple[str, str | None, str | None]]:
    """Yield what each template names: its provider, its environments, and on AWS both types of deployment."""
    for name, path in TEMPLATES.items():
        data = yaml.safe_load(path.read_text())
        for environment, options in {None: data, **data.get("environments", {})}.items():
            on_aws = options.get("provider", data["provider"])["name"] == "aws"
            for kind in ON_AWS if on_aws else (None,):
                if (name, kind) not in NOWHERE:
                    yield name, environment, kind


def test_the_package_is_compiled(installed: Path) -> None:
    assert list(installed.parents[1].glob("lib/*/site-packages/platinfra/targets/aws/machine_files/__pycache__/*.pyc"))


def test_the_package_has_what_its_tools_share(installed: Path) -> None:
    found = {
        path.parent.name for path in installed.parents[1].glob("lib/*/site-packages/platinfra/tools/_packages/*/*.py")
    }
    assert (
        found == {path.parent.name for path in (ROOT / "src/platinfra/tools/_packages").glob("*/__init__.py")} != set()
    )


def test_the_package_has_every_file_of_a_project(installed: Path, tmp_path: Path) -> None:
    assert run(str(installed), "init", "lifecycle", cwd=tmp_path).returncode == 0
    tracked = run("git", "ls-files", ".", cwd=ROOT / "examples" / "lifecycle").stdout.split()
    assert {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()} == set(tracked) != set()


@pytest.mark.parametrize(("template", "environment", "kind"), list(places()))
@pytest.mark.finding("A5")
def test_every_template_is_planned_and_rendered_wherever_it_runs(
    installed: Path, tmp_path: Path, template: str, environment: str | None, kind: str | None
) -> None:
    changes = {f"type: {each}": f"type: {kind}" for each in ON_AWS if kind}
    assert write(installed, tmp_path, template, changes) == bool(kind)
    chosen = ["--env", environment] if environment else []
    assert_plans_and_renders(installed, tmp_path, *chosen, artifacts=kind is not None)


@pytest.mark.parametrize("provider", ["kubernetes", "aws"])
def test_the_first_template_runs_elsewhere_without_its_notebook(installed: Path, tmp_path: Path, provider: str) -> None:
    changes = {"name: local": f"name: {provider}", "  notebook: [jupyterlab]\n": ""}
    assert write(installed, tmp_path, "local", changes) == 2
    assert_plans_and_renders(installed, tmp_path, artifacts=True)


def write(installed: Path, folder: Path, template: str, changes: dict[str, str]) -> int:
    """Write a stack file from a template with other words in it; return how many were found."""
    assert run(str(installed), "init", template, "--name", "demo", cwd=folder).returncode == 0
    file = folder / "platinfra.yaml"
    text = file.read_text()
    found = sum(text.count(each) for each in changes)
    for old, new in changes.items():
        text = text.replace(old, new)
    file.write_text(text)
    return found


def assert_plans_and_renders(installed: Path, folder: Path, *chosen: str, artifacts: bool) -> None:
    """Validate, plan and render a stack; on this machine there is nothing to render, and that is said."""
    for command, expected in ((["validate"], 0), (["plan", "--offline"], 0), (["render"], 0 if artifacts else 2)):
        done = run(str(installed), *command, *chosen, cwd=folder)
        assert done.returncode == expected, done.stdout + done.stderr
    assert artifacts or "target-not-available" in done.stderr


@pytest.mark.slow
def test_init_and_up_work_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert run(str(installed), "init", cwd=tmp_path).returncode == 0
    try:
        up = run(str(installed), "up", cwd=tmp_path)
        assert up.returncode == 0, up.stdout + up.stderr
        status = run(str(installed), "status", cwd=tmp_path)
        assert status.returncode == 0, status.stdout + status.stderr
        assert "for models:/champion-model@champion" in status.stdout
        client = run(
            str(installed), "run", "--", "python", "-c", "import mlflow, prefect, evidently, dvc", cwd=tmp_path
        )
        assert client.returncode == 0, client.stderr
    finally:
        down = run(str(installed), "down", cwd=tmp_path)
    assert down.returncode == 0
