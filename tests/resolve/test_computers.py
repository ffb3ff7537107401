"""A tool whose packages are made for some computers only is refused on others, before anything is installed."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.stacks import resolved

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.machine import Needs
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import load_text
from platinfra.model import targets
from platinfra.model.ground import Computer
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.local import computer

HERE = Computer("linux", "x86_64", "3.11", "2.36")
NEEDS = Needs(systems=["linux"], machines=["x86_64"], python=">=3.11,<3.13", glibc=">=2.35")
TOOL = """\
name: own
summary: A tool.
homepage: https://example.org
license: MIT
provides: [monitoring]
run:
  local:
    needs: {systems: [linux], machines: [x86_64], python: ">=3.11,<3.13", glibc: ">=2.35"}
"""


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        (HERE, None),
        (Computer("linux", "x86_64", "3.12", "2.35"), None),
        (
            Computer("linux", "aarch64", "3.11", "2.36"),
            "its packages need a processor of x86_64, and this machine has one of aarch64",
        ),
        (
            Computer("darwin", "arm64", "3.13"),
            (
                "its packages need Linux, a processor of x86_64 and Python >=3.11,<3.13, "
                "and this machine has macOS, one of arm64 and Python 3.13"
            ),
        ),
        (Computer("linux", "x86_64", "3.11", "2.9"), "its packages need glibc >=2.35, and this machine has glibc 2.9"),
        (
            Computer("linux", "x86_64", "3.11"),
            "its packages need glibc >=2.35, and this machine has another C library",
        ),
    ],
)
def test_what_a_computer_lacks_is_told(there: Computer, reason: str | None) -> None:
    assert NEEDS.missing(there) == reason


def test_who_needs_nothing_runs_everywhere() -> None:
    assert Needs().missing(Computer("sunos", "sparc", "3.20")) is None


def test_bounds_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ValidationError, match="no bound of versions"):
        Needs(python="3.11")


def problems(tools: Path, provider: str = "local") -> tuple[Diagnostic, ...]:
    (tools / "own").mkdir(parents=True)
    (tools / "own/tool.yaml").write_text(TOOL)
    text = f"name: one\nprovider: {{name: {provider}}}\nstack:\n  monitoring: [own]\n"
    try:
        resolve(load(load_text(text, "platinfra.yaml")), Catalog(tools))
    except PlatinfraError as error:
        return error.diagnostics
    return ()


def test_such_a_tool_is_refused_with_its_line_and_those_that_run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer, "this_computer", lambda: Computer("darwin", "x86_64", "3.12"))
    (found,) = problems(tmp_path / "tools")
    assert found.code == "tool-not-on-target"
    assert found.message == ("`own` cannot run on `local`: its packages need Linux, and this machine has macOS")
    assert found.hint == "tools of `monitoring` that can: `evidently`, `nannyml`, `prometheus` and `whylogs`"
    assert found.span
    assert (found.span.line, found.span.column) == (4, 16)


def test_it_runs_where_its_packages_are_made_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "this_computer", lambda: HERE)
    assert problems(tmp_path / "tools") == ()


def test_this_machine_is_no_matter_where_processes_run_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer, "this_computer", lambda: Computer("darwin", "arm64", "3.12"))
    assert targets.get("kubernetes").computer() is None
    assert targets.get("aws").computer() is None
    assert [each.code for each in problems(tmp_path / "tools", "kubernetes")] == ["no-recipe"]


def test_this_machine_is_described_as_python_knows_it() -> None:
    import platform
    import sys

    found = computer.this_computer()
    assert (found.system, found.machine) == (sys.platform, platform.machine())
    assert found.python == ".".join(platform.python_version_tuple()[:2])
    assert found.glibc == ("" if sys.platform == "darwin" else platform.libc_ver()[1])


REGISTRIES = """\
name: one
stack:
  {tracker}model_registry: [{registries}]
  model_serving: [fastapi: {{settings: {{model: wine}}}}]
"""


def test_a_need_that_no_tool_of_the_stage_meets_is_met_by_one_that_the_stack_has_for_something_else() -> None:
    found = resolved(REGISTRIES.format(tracker="experiment_tracker: [mlflow]\n  ", registries="bentoml")).graph
    (wire,) = (each for each in found.bindings if each.consumer == "fastapi")
    assert (wire.name, wire.provider) == ("registry", "mlflow")
    assert wire.reason == "the stack's only model_registry that it can use"
    assert "`fastapi.registry` is not bound to `bentoml`: the model server loads models from MLflow only" in found.notes


def test_the_stage_is_asked_first() -> None:
    found = resolved(REGISTRIES.format(tracker="experiment_tracker: [mlflow: {as: other}]\n  ", registries="mlflow"))
    assert [each.provider for each in found.graph.bindings_of("fastapi")] == ["mlflow"]


def test_a_need_that_nothing_of_the_stack_meets_is_an_error() -> None:
    with pytest.raises(PlatinfraError) as caught:
        resolved(REGISTRIES.format(tracker="", registries="bentoml"))
    assert [each.code for each in caught.value.diagnostics] == ["unmet-requirement"]
