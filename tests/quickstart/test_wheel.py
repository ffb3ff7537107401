"""The package as a user installs it: from a wheel, in an empty folder, with nothing of the repository around."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.live, pytest.mark.timeout(500)]


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it with its locked dependencies; return its command."""
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
        [uv, "venv", "--offline", "--no-python-downloads", "--python", sys.executable, str(folder / "venv")],
        [uv, "pip", "sync", "--offline", "--require-hashes", "--python", python, lock],
        [uv, "pip", "install", "--offline", "--no-deps", "--python", python, str(wheel)],
    ):
        done = run(*command, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin" / "platinfra"


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
