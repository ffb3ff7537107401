"""`platinfra tools lint`: platinfra's own tools are right, and each mistake of an author is told."""

import json
from pathlib import Path

import pytest
from tests.conftest import Command

from platinfra.app.lint import lint
from platinfra.catalog.catalog import Catalog

OWN = Path(__file__).parents[2] / "src" / "platinfra" / "tools"
GOOD = {
    "name": "good",
    "summary": "A tool.",
    "homepage": "https://example.org",
    "license": "MIT",
    "provides": ["alerting"],
    "requires": {"store": {"capability": "object_store", "access": ["read"]}},
    "endpoints": {"http": {"port": 8900, "ready": "/"}},
    "client": {"env": {"GOOD_URL": "${endpoints.http.url}"}},
    "run": {
        "local": {
            "env": {"STORE": "${store.url}"},
            "requirements": "lock.txt",
            "processes": {"main": {"command": ["python3", "${folder}/a.py"], "endpoints": ["http"]}},
        }
    },
    "check": "check.py",
}


def write(folder: Path, **changes: object) -> Path:
    """Write a right tool with some keys changed."""
    data = {key: each for key, each in {**GOOD, **changes}.items() if each is not None}
    (folder / "tools" / "good").mkdir(parents=True)
    (folder / "tools" / "good" / "tool.yaml").write_text(json.dumps(data))
    (folder / "tools" / "good" / "check.py").write_text("")
    (folder / "tools" / "good" / "lock.txt").write_text("a==1 --hash=sha256:00\n")
    return folder / "tools"


@pytest.mark.broad
@pytest.mark.parametrize("name", Catalog().names())
def test_our_own_tools_are_right(name: str) -> None:
    [found] = lint(OWN / name)
    assert found.problems == ()


def test_a_right_tool_is_planned_where_it_runs(platinfra: Command, tmp_path: Path) -> None:
    write(tmp_path)
    done = platinfra("tools", "lint", "tools")
    assert (done.code, done.err) == (0, ""), done.err
    assert "✓  good  local\n" in done.out
    found = json.loads(platinfra("tools", "lint", "tools/good", "--json").out)["tools"]
    assert [(each["name"], each["problems"]) for each in found] == [("good", [])]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("no-check", {"check": None}),
        ("missing-file", {"check": "other.py"}),
        ("unused-wire", {"requires": {**GOOD["requires"], "other": {"capability": "sql_database", "optional": True}}}),
        (
            "unmet-requirement",
            {"requires": {**GOOD["requires"], "other": {"capability": "feature_store", "tools": ["nobody"]}}},
        ),
        ("unknown-reference", {"client": {"env": {"GOOD_URL": "${endpoints.htp.url}"}}}),
        ("no-recipe", {"run": {}}),
        ("catalog-entry", {"licence": "MIT"}),
        ("tool-name", {"name": "other"}),
    ],
)
def test_each_mistake_is_told(code: str, changes: dict[str, object], platinfra: Command, tmp_path: Path) -> None:
    write(tmp_path, **changes)
    done = platinfra("tools", "lint", "tools")
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert "✗  good" in done.out


def test_what_the_schema_refuses_is_said_in_plain_words_with_a_hint(platinfra: Command, tmp_path: Path) -> None:
    write(tmp_path, licence="MIT", license=None, stages=["alerting"], summary=3, run={"local": {"processes": []}})
    told = platinfra("tools", "lint", "tools").err
    for message in (
        "`license` is missing",
        "`licence` is not a key that platinfra knows here",
        "`summary` must be text",
        "`run.local.processes` must be a mapping",
    ):
        assert f"error[catalog-entry]: {message}\n" in told
    assert "did you mean `license`?" in told
    assert "`platinfra schema tool` prints every key of a tool.yaml" in told


def test_a_secret_among_arguments_is_told(platinfra: Command, tmp_path: Path) -> None:
    local = {
        "processes": {"main": {"command": ["a", "--password=${secrets.key}", "${store.url}"], "endpoints": ["http"]}}
    }
    write(tmp_path, secrets=["key"], run={"local": local})
    assert "error[secret-in-arguments]" in platinfra("tools", "lint", "tools").err


def test_a_lock_without_hashes_is_told(platinfra: Command, tmp_path: Path) -> None:
    (write(tmp_path) / "good" / "lock.txt").write_text("a==1\n")
    assert "error[unhashed-lock]" in platinfra("tools", "lint", "tools").err


def test_a_folder_without_tools_is_told(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = platinfra("tools", "lint", "empty")
    assert (done.code, "error[no-tools]" in done.err) == (2, True)
