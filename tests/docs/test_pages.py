"""The documentation is complete, not stale, and its links lead somewhere."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from click.testing import CliRunner

from platinfra.app.explain import explain, explanations
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.cli.lazy import SUMMARIES
from platinfra.cli.main import cli
from platinfra.model.ground import Computer
from platinfra.model.targets import grounds
from tests.docs.blocks import ROOT, pages
from tests.docs.slugs import slugs

CATALOG = Catalog()
SECRET_WORDS = re.compile(r"(?<![\w.])/(?:work|root|home)/|pypi\.org|pythonhosted", re.IGNORECASE)


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = generator()


def headings(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))


def anchors(page: Path) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings(page)}


def test_generated_pages_are_not_stale() -> None:
    for path, text in GENERATE.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make docs`"


def test_every_finding_has_a_test_or_a_decision_and_tests_name_no_other() -> None:
    known = yaml.safe_load(GENERATE.FINDINGS.read_text(encoding="utf-8"))
    decided = {key for key, each in known.items() if "adr" in each}
    found = GENERATE.tests_of_findings().keys()
    assert found | decided == known.keys()
    assert decided.isdisjoint(found)


def test_the_table_in_the_readme_is_not_stale() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert GENERATE.with_table(readme) == readme, "the README is stale: run `make docs`"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_slugs_are_found_in_the_source() -> None:
    found = slugs()
    assert {"unknown-tool", "yaml-boolean", "environment-conflict", "state-recovered", "secrets-damaged"} <= found
    assert len(found) > 80


def test_every_error_is_explained_and_nothing_else() -> None:
    assert set(explanations()) == slugs()


def test_every_error_has_a_heading() -> None:
    assert headings(ROOT / "docs/reference/errors.md") >= slugs()


@pytest.mark.parametrize("slug", sorted(explanations()))
def test_an_explanation_is_short_and_printed(slug: str) -> None:
    text = explanations()[slug]
    assert 1 <= len(re.findall(r"[.!?](?=\s|$)", text)) <= 5
    assert explain(slug) == f"{slug}\n\n{text}"


def test_every_capability_tool_and_setting_has_a_heading() -> None:
    found = headings(ROOT / "docs/reference/stages-and-tools.md")
    assert found >= {each.name for each in CATALOG.capabilities()}
    assert found >= {each.name for each in CATALOG.tools() if not each.no_route}
    assert found >= {f"{tool.name}.{key}" for tool in CATALOG.tools() if not tool.no_route for key in tool.settings}


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_has_a_heading_and_an_example(name: str) -> None:
    assert name in headings(ROOT / "docs/reference/commands.md")
    shown = CliRunner().invoke(cli, [name, "--help"], prog_name="platinfra").output
    assert re.search(rf"Example:\n.*platinfra {name}\b", shown)


def test_every_tool_of_a_stage_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    stages = {each.name for each in CATALOG.capabilities() if each.stage}
    shown = {
        each.strip(" *") for line in readme.splitlines() if line.startswith("| [") for each in re.split(r"[|,]", line)
    }
    assert {tool.name for stage in stages for tool in CATALOG.providers(stage)} <= shown


def test_what_is_not_run_is_one_list_at_the_end_of_each_page() -> None:
    known = [each for each in CATALOG.tools() if each.no_route]
    before, _, rest = (
        (ROOT / "docs/reference/stages-and-tools.md").read_text(encoding="utf-8").partition("## Other names\n")
    )
    rows = [line for line in rest.splitlines() if line.startswith("| **")]
    assert [line.partition("**")[2].partition("**")[0] for line in rows] == [each.name for each in known]
    for tool, line in zip(known, rows, strict=True):
        assert tool.no_route
        assert tool.no_route.source in line
        assert f"[{tool.name}](" not in before
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"of what platinfra does not run and why: {', '.join(each.name for each in known)}." in readme


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+://", target) or target.endswith("images/quickstart.svg"):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(place), f"{page.name}: {target}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_no_private_place(page: Path) -> None:
    assert SECRET_WORDS.search(page.read_text(encoding="utf-8")) is None


AMAZON_LINUX = Computer("linux", "x86_64", "3.11", "2.34")
"""What `cloud_vm` runs on."""
WITHOUT_S3 = {"spark"}
"""Tools whose packages for a machine cannot read the objects that the machine on AWS has."""


def lacks_packages(tool: Tool) -> bool:
    """Tell whether a tool's packages are for newer computers than the machine on AWS or not for S3, or people install its programs."""
    needs = tool.run.local.needs if tool.run.local else None
    old = needs is not None and (bool(needs.programs) or needs.missing(AMAZON_LINUX) is not None)
    return old or tool.name in WITHOUT_S3


OF_MANY = {"jupyterhub"}
"""Tools whose people would share what the machine on AWS may do in the account."""

STAGE_TOOLS = [each for each in CATALOG.tools() if any(CATALOG.capability(name).stage for name in each.provides)]


@pytest.mark.parametrize("tool", STAGE_TOOLS, ids=lambda each: each.name)
def test_what_runs_on_a_machine_or_in_a_cluster_runs_there_on_aws_too(tool: Tool) -> None:
    offered = grounds()
    kubernetes, machine = offered["aws"]
    excused = lacks_packages(tool) or tool.name in OF_MANY
    assert tool.runs_on(machine) or not tool.runs_on(offered["local"][0]) or excused
    assert tool.runs_on(kubernetes) or not tool.runs_on(offered["kubernetes"][0])


def test_every_stage_and_tool_says_how_it_is_proved() -> None:
    text = (ROOT / "docs/reference/stages-and-tools.md").read_text()
    section = text.partition("## What is proved\n")[2].partition("\n## ")[0]
    header, _, *rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    assert header[1] == "run by `platinfra check`"
    found = {row[0].partition("]")[0].strip("["): " ".join(row[1:]) for row in rows}
    stages = {each.name for each in CATALOG.capabilities() if each.stage}
    assert found.keys() == stages
    for stage in stages:
        for tool in CATALOG.providers(stage):
            assert f"[{tool.name}](" in found[stage]
