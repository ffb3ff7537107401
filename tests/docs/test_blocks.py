"""Every code block of the documentation is executed or checked."""

import ast
import csv
import io
import json
import tomllib
from pathlib import Path

import pytest
import yaml

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.load import load_tool
from platinfra.diagnostics import PlatinfraError
from platinfra.document import load_text
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from tests.docs.blocks import ELSEWHERE, Block, Folder, all_blocks, blocks, matches, pages

BLOCKS = all_blocks()
KINDS = {"stack", "wrong stack", "tool", "data", "picture", "fast", "live", *ELSEWHERE, "manual"}
MANUAL = 20
"""Blocks that no test can run; each says why. Raise this only with a reason."""
STACK = {"name": "demo", "stack": {"experiment_tracker": ["mlflow"]}}
TOOL = {
    "name": "example",
    "summary": "An example.",
    "homepage": "https://example.org",
    "license": "MIT",
    "provides": ["alerting"],
}


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


def named(block: Block) -> str:
    return block.name


def test_every_block_is_of_a_known_kind() -> None:
    assert [block.name for block in BLOCKS if block.kind not in KINDS] == []
    assert sum(len(of_kind(kind)) for kind in KINDS) == len(BLOCKS) > 60


def test_few_blocks_are_left_to_people() -> None:
    assert len(of_kind("manual")) <= MANUAL


@pytest.mark.parametrize("block", of_kind("stack"), ids=named)
def test_a_stack_file_is_valid(block: Block, tmp_path: Path) -> None:
    text = yaml.safe_dump({**STACK, **yaml.safe_load(block.text)}) if "part" in block.notes else block.text
    stack = load(load_text(text, block.name))
    for environment in (None, *stack.file.environments):
        resolve(stack, catalog_of(block.page, tmp_path), environment=environment)


@pytest.mark.parametrize("block", of_kind("wrong stack"), ids=named)
def test_a_wrong_stack_file_is_wrong(block: Block) -> None:
    with pytest.raises(PlatinfraError):
        resolve(load(load_text(block.text, block.name)), Catalog())


@pytest.mark.parametrize("block", of_kind("tool"), ids=named)
def test_a_tool_can_be_loaded(block: Block, tmp_path: Path) -> None:
    data = yaml.safe_load(block.text)
    data = {**TOOL, **data} if "part" in block.notes else data
    folder = tmp_path / data["name"]
    folder.mkdir()
    (folder / "tool.yaml").write_text(yaml.safe_dump(data))
    assert load_tool(folder).name == data["name"]


def catalog_of(page: Path, folder: Path) -> Catalog:
    """Return the catalog with the tools that the page itself writes."""
    for block in blocks(page):
        name = block.notes.get("file", "")
        if name.startswith("tools/"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
    return Catalog.beside(folder)


@pytest.mark.parametrize("block", of_kind("data"), ids=named)
def test_code_and_data_can_be_read(block: Block) -> None:
    readers = {"python": ast.parse, "json": json.loads, "toml": tomllib.loads, "csv": read_csv}
    readers[block.language](block.text)


def read_csv(text: str) -> None:
    """Read lines of values, and fail where a quote is not closed."""
    assert list(csv.reader(io.StringIO(text), strict=True))


@pytest.mark.live
@pytest.mark.parametrize(
    "page",
    [page for page in pages() if any(block.kind == "fast" for block in blocks(page))],
    ids=lambda page: page.stem,
)
def test_what_a_page_shows_offline_is_what_happens(page: Path, tmp_path: Path) -> None:
    assert Folder(tmp_path, offline=True).run_page(page, {"fast"}) > 0


@pytest.mark.parametrize("block", of_kind("fast", "live", *ELSEWHERE, "manual"), ids=named)
def test_a_console_block_begins_with_a_command(block: Block) -> None:
    assert block.text.startswith("$ ")


@pytest.mark.parametrize(
    ("shown", "output", "same"),
    [
        ([], "anything", True),
        (["a … c"], "a b c", True),
        (["…", "end"], "one\ntwo\nend", True),
        (["…", "end"], "one\ntwo", False),
        (["a"], "a\nb", False),
        (["a", "…"], "a\nb\nc", True),
        (["(x)"], "(x)", True),
    ],
)
def test_shown_output_is_compared(shown: list[str], output: str, *, same: bool) -> None:
    assert matches(shown, output) is same
