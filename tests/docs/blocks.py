"""The code blocks of the documentation, and how each is executed or checked."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NOTES = frozenset({"file", "live", "exit", "part", "wrong", "manual"})
PICTURES = frozenset({"text", "mermaid"})
DATA = frozenset({"json", "toml", "python", "csv"})
ELSEWHERE = ("page", "quickstart", "platform")
"""What runs a block that needs a stack of its own: the page as a whole, or the test of an example."""
ANYTHING = "…"
NOT_THE_READERS = frozenset({"UV_OFFLINE", "VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"})
"""Variables of whoever runs the tests."""
TIMEOUT = 240
"""Seconds for one command."""
_NOTE = re.compile(r"<!-- ([a-z]+)(?:: (.+))? -->")


@dataclass(frozen=True)
class Block:
    """A fenced block, with the comments that stand directly above it."""

    page: Path
    line: int
    language: str
    text: str
    notes: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def kind(self) -> str:
        """`file`, `manual`, `stack`, `tool`, `wrong stack`, `picture`, `data`, `fast`, `live`, one of ELSEWHERE, or `unknown`."""
        if not NOTES.issuperset(self.notes):
            return "unknown"
        if "manual" in self.notes:
            return "manual" if len(self.notes["manual"]) > 5 else "unknown"
        if self.language == "console":
            live = self.notes.get("live")
            return {None: "fast", "": "live", **{each: each for each in ELSEWHERE}}.get(live, "unknown")
        if "wrong" in self.notes:
            return f"wrong {self.notes['wrong']}"
        if self.language == "yaml":
            return self._yaml_kind()
        return "picture" if self.language in PICTURES else "data" if self.language in DATA else "unknown"

    def _yaml_kind(self) -> str:
        if part := self.notes.get("part"):
            return part if part in {"stack", "tool"} else "unknown"
        keys = set(re.findall(r"^([a-z_]+):", self.text, re.MULTILINE))
        return "stack" if {"name", "stack"} <= keys else "tool" if {"name", "provides"} <= keys else "unknown"

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each line after `$` with the output that the page shows below it."""
        command, shown = "", []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, shown
                command, shown = line[2:], []
            else:
                shown.append(line)
        yield command, shown


def pages() -> list[Path]:
    """Return every page of the documentation, and what the examples say of themselves."""
    more = (*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").glob("*/README.md")))
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *more]


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    found, notes, start, lines = [], {}, 0, []
    fence = language = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if fence:
            if line.strip() == fence:
                found.append(Block(page, start, language, "\n".join(lines) + "\n", notes))
                fence, notes, lines = "", {}, []
            else:
                lines.append(line)
        elif opened := re.match(r"\s*(`{3,})(\w*)", line):
            fence, language, start = opened[1], opened[2], number
        elif note := _NOTE.fullmatch(line.strip()):
            notes = {**notes, note[1]: note[2] or ""}
        else:
            notes = {}
    assert not fence, f"{page}: the block of line {start} has no end"
    return found


def all_blocks() -> list[Block]:
    return [block for page in pages() for block in blocks(page)]


class Folder:
    """Where the blocks of a page run: each command begins where the one before it ended."""

    def __init__(self, path: Path, *, offline: bool) -> None:
        self.path = self.cwd = path
        self.offline = offline
        ignored = shutil.ignore_patterns(".platinfra", "workspace", "__pycache__")
        shutil.copytree(ROOT / "examples", path / "examples", ignore=ignored)

    def run_page(self, page: Path, kinds: Collection[str]) -> int:
        """Run the blocks of some kinds, after writing the files that stand before them; return how many ran."""
        ran = 0
        for block in blocks(page):
            if "file" in block.notes:
                self.write(block)
            if block.kind in kinds:
                self.run(block)
                ran += 1
        return ran

    def write(self, block: Block) -> None:
        target = self.path / block.notes["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text, encoding="utf-8")

    def run(self, block: Block) -> None:
        """Run the commands of a block, and compare what they print with what the page shows."""
        commands = list(block.commands())
        for number, (command, shown) in enumerate(commands, 1):
            expected = int(block.notes.get("exit", "0")) if number == len(commands) else 0
            code, output = self.command(command)
            assert code == expected, f"{block.name}: `{command}` ended with {code}\n{output}"
            assert matches(shown, output), (
                f"{block.name}: `{command}`\n--- shown\n" + "\n".join(shown) + f"\n--- printed\n{output}"
            )

    def command(self, command: str) -> tuple[int, str]:
        place = self.path / ".cwd"
        script = f'{command}\ncode=$?\npwd > "$PLACE"\nexit $code'
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.cwd,
            env={**environment(offline=self.offline), "PLACE": str(place)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        self.cwd = Path(place.read_text().strip())
        return done.returncode, done.stdout


def environment(*, offline: bool) -> dict[str, str]:
    """Return the reader's environment: platinfra on PATH, no colours."""
    kept = {key: value for key, value in os.environ.items() if key not in NOT_THE_READERS}
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "COLUMNS": "100", **({"UV_OFFLINE": "1"} if offline else {})}


def matches(shown: list[str], output: str) -> bool:
    """Tell whether the output is what the page shows; `…` stands for anything, nothing shown for everything."""
    wanted = "\n".join(shown).strip()
    if not wanted:
        return True
    lines = [r"(?:.*\n)*?" if line.strip() == ANYTHING else _line(line) for line in wanted.splitlines()]
    return re.fullmatch("".join(lines), f"{output.strip()}\n") is not None


def _line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split(ANYTHING)) + r"[ \t]*\n"
