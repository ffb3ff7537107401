"""The packages that tools share: declared, found, and known by name to nobody but those that import them."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.packages import PACKAGES
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.with_packages import arguments_with

OWN = Catalog()
SOURCE = Path(__file__).parents[2] / "src" / "platinfra"
SHARED = SOURCE / "tools" / PACKAGES
NAMES = {each.parent.name for each in SHARED.glob("*/__init__.py")}
ABOUT = "name: {name}\nsummary: A tool.\nhomepage: https://example.org\nlicense: MIT\npackages: [{packages}]\n"


def add_tool(tools: Path, name: str, *packages: str, more: str = "") -> Catalog:
    (tools / name).mkdir(parents=True, exist_ok=True)
    (tools / name / "tool.yaml").write_text(ABOUT.format(name=name, packages=", ".join(packages)) + more)
    return Catalog(tools)


def add_package(tools: Path, name: str) -> Path:
    folder = tools / PACKAGES / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f"WHERE = {str(tools)!r}\n")
    return folder


def refused(catalog: Catalog, name: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(PlatinfraError) as caught:
        catalog.get(name)
    return caught.value.diagnostics


def imported(folder: Path) -> Iterator[str]:
    """Yield the first name of everything that the code of a folder imports."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=names):
                    yield from (each.name.partition(".")[0] for each in names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module.partition(".")[0]


@pytest.mark.parametrize("name", OWN.names())
def test_a_tool_names_the_packages_that_its_code_imports(name: str) -> None:
    assert {*OWN.get(name).packages} == NAMES.intersection(imported(OWN.folder(name)))


def test_nothing_but_tools_knows_a_package() -> None:
    assert NAMES
    named = re.compile(rf"\b({'|'.join(NAMES)})\b")
    files = [each for each in SOURCE.rglob("*") if SOURCE / "tools" not in each.parents and each.is_file()]
    assert [each for each in files if each.suffix != ".pyc" and named.search(each.read_text("utf-8", "replace"))] == []


@pytest.mark.parametrize(
    ("written", "hint"),
    [("model_sever", "did you mean `model_server`?"), ("nothing", f"there are `client_check`, `data_looks`, `database_copies`, `health_page`, `model_server`, `quality_runs` and `search_trials`; one of your own is a folder `tools/{PACKAGES}/NAME` with an `__init__.py`")],
)  # fmt: skip
def test_a_package_that_nobody_has_is_found_with_its_line(tmp_path: Path, written: str, hint: str) -> None:
    [problem] = refused(add_tool(tmp_path, "own", "model_server", written), "own")
    assert (problem.code, problem.hint) == ("unknown-package", hint)
    assert problem.span
    assert (problem.span.file, problem.span.line) == ("own/tool.yaml", 5)
    assert problem.span.source[problem.span.column - 1 : problem.span.end_column - 1] == written


@pytest.mark.parametrize("written", ["../own", "own.deep", ".", "''", "requirements"])
def test_a_package_is_called_as_python_imports_it(tmp_path: Path, written: str) -> None:
    (tmp_path / PACKAGES / "own" / "deep").mkdir(parents=True)
    (tmp_path / PACKAGES / "requirements").mkdir()  # without code
    (tmp_path / PACKAGES / "__init__.py").touch()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").touch()
    assert refused(add_tool(tmp_path, "own", written), "own")[0].code == "unknown-package"


def test_missing_packages_and_wrong_references_are_told_together(tmp_path: Path) -> None:
    catalog = add_tool(tmp_path, "own", "nothing", more='run: {local: {env: {A: "${nobody.url}"}}}')
    assert [each.code for each in refused(catalog, "own")] == ["unknown-package", "unknown-reference"]


@pytest.mark.parametrize(("packages", "right"), [(["model_server"], True), ([], False)])
def test_who_names_no_package_has_no_folder_of_packages(tmp_path: Path, packages: list[str], right: bool) -> None:
    catalog = add_tool(tmp_path, "own", *packages, more='run: {local: {env: {PYTHONPATH: "${packages}"}}}')
    if right:
        assert catalog.get("own").packages == packages
    else:
        assert [each.code for each in refused(catalog, "own")] == ["unknown-reference"]


def test_a_project_uses_packages_of_its_own_beside_those_of_platinfra(tmp_path: Path) -> None:
    own = add_package(tmp_path, "mine")
    catalog = add_tool(tmp_path, "own", "model_server", "mine")
    assert catalog.packages("own") == {"mine": own, "model_server": SHARED / "model_server"}
    assert catalog.package_path("own") == [str(own.parent), str(SHARED)]


def test_a_package_of_a_project_takes_the_place_of_one_of_platinfra_for_its_own_tools_alone(tmp_path: Path) -> None:
    own = add_package(tmp_path, "model_server")
    catalog = add_tool(tmp_path, "own", "model_server")
    assert catalog.packages("own") == {"model_server": own}
    assert catalog.packages("fastapi") == {"model_server": SHARED / "model_server"}


def test_python_finds_the_packages_that_the_catalog_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that lies in two folders means the same to both, in whatever order a tool names its packages."""
    near, far = tmp_path / "near", tmp_path / "far"
    for tools, name in ((near, "both"), (far, "both"), (far, "only")):
        add_package(tools, name)
    monkeypatch.setattr("platinfra.catalog.catalog._installed_folders", lambda: iter([far]))
    for order in (("both", "only"), ("only", "both")):
        catalog = add_tool(near, "own", *order)
        code = "import both, only; print(both.WHERE, only.WHERE)"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": ":".join(catalog.package_path("own"))},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [str(near), str(far)]


def test_an_installed_package_brings_tools_with_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = add_package(tmp_path, "theirs")
    add_tool(tmp_path, "own", "theirs", "model_server")
    monkeypatch.setattr("platinfra.catalog.catalog._installed_folders", lambda: iter([tmp_path]))
    assert Catalog().packages("own") == {"theirs": own, "model_server": SHARED / "model_server"}


def test_who_names_no_package_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalog, "_places", lambda *_: pytest.fail("somebody looked"))
    assert Catalog().packages("dvc") == {}


def test_a_script_is_run_with_packages_where_nobody_knows_them(tmp_path: Path) -> None:
    folder = add_package(tmp_path, "mine").parent
    script = tmp_path / "script.py"
    script.write_text("import sys, mine; print(mine.WHERE, *sys.argv[1:])")

    def run(folders: list[str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments_with(folders, str(script)), "find", "marker"]
        return subprocess.run(command, env={}, capture_output=True, text=True, check=False)

    assert run([str(tmp_path / "nowhere"), str(folder)]).stdout.split() == [str(tmp_path), "find", "marker"]
    assert "No module named 'mine'" in run([]).stderr


def test_a_script_is_run_with_the_variables_of_one_component(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os; print(os.environ['TRACKER'], *os.sys.argv[1:], 'PYTHONPATH' in os.environ)")
    env = {"TRACKER": "first", "OTHER_TRACKER": "second"}

    def run(prefix: str) -> list[str]:
        command = [sys.executable, *arguments_with([], str(script), prefix), "find"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()

    assert run("OTHER_") == ["second", "find", "False"]
    assert run("") == run("MISSING_") == ["first", "find", "False"]
