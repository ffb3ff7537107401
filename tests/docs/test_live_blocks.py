"""The code blocks that need a running stack. Those that need the whole quickstart are run by the quickstart's own test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import Folder, all_blocks, blocks, pages

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
LIVE = [block for block in all_blocks() if block.kind == "live"]
PAGES = [page for page in pages() if any(block.kind == "page" for block in blocks(page))]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """Yield a folder, and stop whatever was brought up in it or below it."""
    # The network may be asked: the clients of a stack without `project` are resolved at its first `up`.
    made = Folder(tmp_path, offline=False)
    yield made
    for state in sorted(tmp_path.rglob(".platinfra")):
        made.cwd = state.parent
        made.command("platinfra down --delete-data --yes")


@pytest.mark.slow
def test_blocks_that_need_a_stack_hold(folder: Folder) -> None:
    assert folder.command("mkdir demo && cd demo && platinfra init minimal && platinfra up")[0] == 0
    for block in LIVE:
        folder.run(block)
    assert len(LIVE) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_that_brings_up_its_own_stack_holds(page: Path, folder: Folder) -> None:
    assert folder.run_page(page, {"fast", "page"}) >= 2
