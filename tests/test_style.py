"""The house style, as far as a program can see it."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "platinfra"
FILES = sorted(path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts)
BANNED = re.compile(r"util|helper|common|misc|manager|service|processor|handler|(^|_)base($|_)|abstract", re.IGNORECASE)
MAX_FILE, MEDIAN_FILE = 350, 120
MAX_FUNCTION_90, MEDIAN_FUNCTION = 40, 9
MAX_DEPTH = 3
IRREGULAR = re.compile(
    "begun|bound|broken|brought|built|caught|chosen|done|drawn|driven|fallen|forgotten|found|frozen|given|gone|grown|"
    "heard|held|hidden|kept|known|laid|left|lent|lost|made|meant|overridden|paid|rewritten|said|seen|sent|shaken|shown|"
    "sold|spent|spoken|stolen|stood|taken|taught|thought|thrown|told|torn|understood|undone|unknown|withheld|woken|"
    "won|worn|written"
)
NO_PARTICIPLES = frozenset({"bed", "embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"})


def functions() -> list[int]:
    """Return the lines of every function, docstrings left out."""
    sizes = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                sizes.append(1 + (node.end_lineno or 0) - body[0].lineno + 1 if body else 1)
    return sizes


def test_files_are_short() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in FILES}
    assert median(sizes.values()) <= MEDIAN_FILE
    assert {str(path): size for path, size in sizes.items() if size > MAX_FILE} == {}


def test_functions_are_small() -> None:
    sizes = sorted(functions())
    assert median(sizes) <= MEDIAN_FUNCTION
    assert sizes[int(len(sizes) * 0.9)] < MAX_FUNCTION_90


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_names_say_what_a_thing_is(path: Path) -> None:
    assert not BANNED.search(path.stem)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            assert not BANNED.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name)), node.name


def is_participle(name: str) -> bool:
    """Tell whether a name is one bare participle; `_of_wire` and `listed_names` are none."""
    word = name.strip("_")
    regular = re.fullmatch(r"[a-z]+ed", word) and word not in NO_PARTICIPLES
    return bool(regular or IRREGULAR.fullmatch(word))


def test_functions_are_named_by_verbs_and_nouns() -> None:
    shared = SOURCE / "tools" / "_packages"
    paths = [path for path in FILES if SOURCE / "tools" not in path.parents or shared in path.parents]
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {node.name}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_participle(node.name)
    ]
    assert found == []


def test_packages_are_not_deep() -> None:
    deep = [path for path in FILES if len(path.relative_to(SOURCE).parent.parts) > MAX_DEPTH]
    assert deep == []


def test_committed_files_name_no_registry_and_no_machine() -> None:
    import subprocess

    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    suspicious = re.compile(rb"files\.pythonhosted|pypi\.org/simple|registry\.npmjs|/home/[a-z]+/|/root/")
    found = [
        name for name in names if name and (ROOT / name).is_file() and suspicious.search((ROOT / name).read_bytes())
    ]
    assert [name for name in found if name != "tests/test_style.py"] == []


def test_locks_have_hashes_for_every_package() -> None:
    for lock in [
        *ROOT.glob("requirements/*.lock.txt"),
        *SOURCE.glob("tools/*/*.lock.txt"),
        *ROOT.glob("examples/*/*.lock.txt"),
    ]:
        entries = re.split(r"\n(?=\S)", lock.read_text().strip())
        assert all("--hash=sha256:" in entry for entry in entries if not entry.startswith("#")), lock


@pytest.mark.parametrize("noun", ["Place", "Values", "Cluster", "Applied", "Target", "Change", "Recipe"])
def test_a_noun_of_the_house_means_one_thing(noun: str) -> None:
    found = [path for path in FILES if re.search(rf"^(class {noun}\b|{noun} = )", path.read_text(), re.MULTILINE)]
    assert len(found) <= 1, found
