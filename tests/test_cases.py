"""Every bad stack file in `cases/` gets exactly the diagnostic that lies beside it.

PLATINFRA_UPDATE_GOLDEN=1 writes the expected texts anew; read the difference before you commit it.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import Command

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").iterdir())
ENVIRONMENTS = {
    "seed-on-a-laptop": ["--env", "laptop"],
    "environment-tool-unknown": ["--env", "prod"],
    "environment-setting-of-nobody": ["--env", "prod"],
}
"""Files that are wrong in one environment only."""
MAX_LINES = 6
"""Lines a problem may take."""


def expected(name: str) -> Path:
    return Path(__file__).parent / "cases" / name / "expected.txt"


@pytest.mark.parametrize("name", CASES)
def test_a_bad_stack_file_gets_its_diagnostic(name: str, platinfra: Command, tmp_path: Path) -> None:
    shutil.copy(expected(name).with_name("platinfra.yaml"), tmp_path)
    ended = platinfra("validate")
    if os.environ.get("PLATINFRA_UPDATE_GOLDEN"):
        expected(name).write_text(ended.err)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == expected(name).read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["platinfra.yaml"]


@pytest.mark.parametrize("name", CASES)
def test_up_touches_nothing_when_the_file_is_wrong(name: str, platinfra: Command, tmp_path: Path) -> None:
    shutil.copy(expected(name).with_name("platinfra.yaml"), tmp_path)
    assert platinfra("up", *ENVIRONMENTS.get(name, [])).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["platinfra.yaml"]


@pytest.mark.parametrize("name", CASES)
def test_a_problem_takes_at_most_six_lines(name: str) -> None:
    for problem in expected(name).read_text().rstrip("\n").split("\n\n"):
        assert len(problem.splitlines()) <= MAX_LINES
        assert re.match(r"(error|warning)\[[a-z-]+\]: ", problem)


def test_a_huge_file_is_refused_before_it_is_read(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text("name: demo\n" + "# padding\n" * 120_000)
    ended = platinfra("validate")
    assert ended.code == 2
    assert "error[file-too-large]" in ended.err


def test_a_missing_file_names_the_command_that_writes_one(platinfra: Command) -> None:
    ended = platinfra("validate")
    assert ended.code == 2
    assert "error[file-not-found]" in ended.err
    assert "platinfra init" in ended.err


def test_a_folder_instead_of_a_file_is_a_usage_error(platinfra: Command, tmp_path: Path) -> None:
    ended = platinfra("validate", str(tmp_path))
    assert ended.code == 2
    assert "Traceback" not in ended.err
