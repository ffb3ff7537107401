"""The quickstart's tutorial and the README's two commands, block by block, as a newcomer types them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT, Folder, all_blocks, blocks

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
PAGE = ROOT / "docs" / "tutorial" / "quickstart.md"


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Folder]:
    """Yield what a clone has after `make`, without asking the network: the environment is this one's."""
    folder = Folder(tmp_path, offline=True)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    yield folder
    folder.cwd = tmp_path
    folder.command("platinfra down --file examples/quickstart/platinfra.yaml --delete-data --yes")


@pytest.mark.slow
def test_the_tutorial_holds_line_by_line(checkout: Folder) -> None:
    assert checkout.run_page(PAGE, {"fast", "quickstart"}) >= 10


def test_the_readme_shows_what_the_tutorial_runs() -> None:
    commands = {command for block in blocks(PAGE) for command, _ in block.commands() if block.kind == "quickstart"}
    elsewhere = [block for block in all_blocks() if block.kind == "quickstart" and block.page != PAGE]
    assert elsewhere
    assert {command for block in elsewhere for command, _ in block.commands()} <= commands
