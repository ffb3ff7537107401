"""What changed chooses slow tests, within a time, and none is out of reach."""

import ast
import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from tests import changed, durations, subjects
from tests.distribution import APART, scope_of

ROOT = Path(__file__).parent.parent
Git = Callable[..., str]
SELF = "tests/test_changed.py"


def slow_files() -> list[str]:
    marks = ("mark.slow", "all_but(")
    return [
        each for each in subjects.test_files() if each != SELF and any(mark in subjects.text_of(each) for mark in marks)
    ]


@cache
def committed() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


@cache
def narrowly_reached() -> set[str]:
    """Return what changes of the product choose that do not choose most tests."""
    found = [subjects.tests_of(each) for each in committed() if each.startswith("src/")]
    return {test for tests in found if len(tests) < len(subjects.test_files()) / 2 for test in tests}


@pytest.mark.parametrize("file", slow_files())
def test_a_change_of_the_product_reaches_every_file_with_slow_tests(file: str) -> None:
    assert file in narrowly_reached()
    assert file in subjects.tests_of(file)


@pytest.mark.parametrize(("pattern", "starts"), subjects.RULES, ids=[pattern for pattern, _ in subjects.RULES])
def test_a_rule_speaks_of_what_there_is(pattern: str, starts: tuple[str, ...]) -> None:
    assert any(fnmatchcase(each, pattern) for each in committed())
    assert [start for start in starts if not any(each.startswith(start) for each in subjects.test_files())] == []


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("src/platinfra/tools/dvc/tool.yaml", "tests/live/test_cloud_services.py"),
        ("src/platinfra/targets/aws/modules/rds/main.tf", "tests/targets/aws/test_lifecycle.py"),
        ("src/platinfra/drivers/terraform_process.py", "tests/targets/aws/test_faults.py"),
        ("src/platinfra/drivers/helm_cli.py", "tests/targets/kubernetes/test_lifecycle.py"),
        ("src/platinfra/engine/apply.py", "tests/targets/kubernetes/test_lifecycle.py"),
        ("examples/quickstart/main.py", "tests/quickstart/test_tutorial.py"),
        ("docs/how-to/add-a-tool.md", "tests/docs/test_live_blocks.py"),
        ("tests/moto_gaps/glue.py", "tests/targets/aws/test_lifecycle.py"),
        ("tests/targets/aws/checkov_accepted.yaml", "tests/targets/aws/test_checkov.py"),
        ("tests/conftest.py", "tests/quickstart/test_quickstart.py"),
    ],
)
def test_what_changed_is_looked_at_by(path: str, test: str) -> None:
    assert test in subjects.tests_of(path)


@pytest.mark.parametrize("path", ["LICENSE", "CHANGELOG.md", "tests/durations.txt"])
def test_what_no_slow_test_looks_at_chooses_none(path: str) -> None:
    assert subjects.tests_of(path) == []


def test_changes_that_few_tests_look_at_come_first() -> None:
    found = changed.by_file(["src/platinfra/engine/apply.py", "examples/quickstart/main.py"])
    assert all(each.startswith("tests/quickstart/") for each in list(found)[:3])
    assert found["tests/quickstart/test_wheel.py"] == ["examples/quickstart/main.py", "src/platinfra/engine/apply.py"]


def test_what_does_not_fit_is_left_and_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    took = {"a.py::one": 100.0, "a.py::two": 20.0, "a.py::three": 50.0, "a.py::four": 10.0, "c.py::five": 10.0}
    monkeypatch.setattr(changed, "load", lambda: took)
    fitting, left = changed.fitted(took, 2)
    assert fitting == ["a.py::one", "a.py::two", "c.py::five"]
    assert left == ["a.py::three", "a.py::four"]  # the tests of a file wait for each other, and build on each other
    changed.tell({"a.py": ["b.py"], "c.py": ["b.py"]}, fitting, left)
    told = capsys.readouterr().out
    assert "a.py: 2 for b.py" in told
    assert "left for `make live`" in told
    assert "a.py::three" in told


def test_nothing_to_run_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(changed, "changed", lambda _: ["LICENSE"])
    assert changed.main([]) == 0
    assert "nothing to run" in capsys.readouterr().out


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return git in a new clone with two commits on `main`, three days apart, without a remote."""
    monkeypatch.setattr(changed, "ROOT", tmp_path)
    monkeypatch.delenv("BASE", raising=False)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")

    def run(*arguments: str, day: int = 9) -> str:
        when = {f"GIT_{who}_DATE": f"2026-01-{day:02} 12:00:00 +0000" for who in ("AUTHOR", "COMMITTER")}
        alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin:/usr/local/bin"}
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=alone | when, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    run("commit", "--quiet", "--allow-empty", "--message=old", day=1)
    run("commit", "--quiet", "--allow-empty", "--message=new", day=4)
    return run


def test_on_main_it_is_what_main_was_a_day_before(git: Git) -> None:
    assert changed.find_base().commit == git("rev-parse", "HEAD^")


def test_on_a_branch_it_is_where_it_left_main(git: Git) -> None:
    left = git("rev-parse", "HEAD")
    git("checkout", "--quiet", "-b", "topic")
    git("commit", "--quiet", "--allow-empty", "--message=topic")
    assert changed.find_base().commit == left
    git("tag", "v1", "main^")
    assert changed.find_base().commit == left


def test_it_is_the_last_tag_but_not_that_of_the_commit_itself(git: Git) -> None:
    git("tag", "v1", "HEAD^")
    git("tag", "v2", "HEAD")
    assert changed.find_base() == changed.Base(git("rev-parse", "v1^{commit}"), "the last tag")


def test_after_a_merge_it_is_what_was_there_before(git: Git) -> None:
    before = git("rev-parse", "HEAD")
    git("checkout", "--quiet", "-b", "topic", "HEAD^")
    git("commit", "--quiet", "--allow-empty", "--message=topic")
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--message=merged", "topic")
    git("branch", "--quiet", "--delete", "topic")
    assert changed.find_base().commit == before


def test_base_is_what_whoever_asks_names(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", "HEAD")
    assert changed.find_base().commit == git("rev-parse", "HEAD")
    monkeypatch.setenv("BASE", "nowhere")
    with pytest.raises(SystemExit, match="no commit of this clone"):
        changed.find_base()


def test_a_young_history_is_all_new(git: Git, tmp_path: Path) -> None:
    git("checkout", "--quiet", "HEAD^")
    git("branch", "--quiet", "--force", "main", "HEAD")
    assert changed.find_base() == changed.NO_BASE


def test_without_git_everything_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed, "ROOT", tmp_path)
    monkeypatch.delenv("BASE", raising=False)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("x")
    assert changed.find_base() == changed.NO_BASE
    assert changed.changed(changed.NO_BASE) == ["docs/page.md"]


def test_what_is_not_committed_counts(git: Git, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("x")
    assert changed.changed(changed.Base(git("rev-parse", "HEAD"), "")) == ["new.txt"]


def test_what_was_recorded_is_still_there() -> None:
    recorded = durations.load()
    assert len(recorded) > 50
    assert {durations.file_of(each) for each in recorded} <= set(subjects.test_files())
    assert set(APART) <= set(subjects.test_files())
    assert scope_of(f"{APART[0]}::test_x") == f"{APART[0]}::test_x"
    assert scope_of("tests/quickstart/test_wheel.py::test_x") == "tests/quickstart/test_wheel.py"


def test_what_ran_replaces_its_record_and_the_longest_stand_first(tmp_path: Path) -> None:
    path = tmp_path / "durations.txt"
    durations.save({"a.py::one[x y]": 2.0, "a.py::two": 5.0}, path)
    durations.save({"a.py::one[x y]": 9.04, "a.py::two": 0.2, "a.py::three": 3.0}, path)
    assert path.read_text().splitlines()[1:] == ["9.0 a.py::one[x y]", "3.0 a.py::three"]
    assert durations.load(path) == {"a.py::one[x y]": 9.0, "a.py::three": 3.0}


def interrupting() -> list[str]:
    """Return the tests that send SIGINT and do not ask for its default handling."""
    found = []
    for name in subjects.test_files():
        for node in ast.walk(ast.parse(subjects.text_of(name))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = ast.unparse(node)
                sent = "signal.SIGINT)" in text and ("send_signal" in text or "os.kill" in text)
                found += [f"{name}::{node.name}"] if sent and "usefixtures('interruptible')" not in text else []
    return found


def test_who_sends_sigint_sees_that_it_is_heeded() -> None:
    assert [each for each in interrupting() if not each.startswith(SELF)] == []
