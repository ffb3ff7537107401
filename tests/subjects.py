"""Which files of tests look at a path of the repository."""

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent
AWS = (
    "tests/targets/aws/",
    "tests/live/test_cloud_services.py",
    "tests/drivers/test_aws",
    "tests/drivers/test_terraform",
)
KUBERNETES = (
    "tests/targets/kubernetes/",
    "tests/targets/aws/test_applications.py",
    "tests/drivers/test_kubernetes_client.py",
    "tests/drivers/test_helm.py",
    "tests/kubernetes/",
)
LOCAL = ("tests/live/", "tests/quickstart/", "tests/docs/test_live_blocks.py", "tests/drivers/test_process")
STARTED = ("tests/quickstart/test_tutorial.py", "tests/quickstart/test_wheel.py")
OF_EVERY_TOOL = ("tests/catalog/test_combinations.py", "tests/live/test_every_tool.py")
"""What looks at all tools without naming them."""
ALL, NONE = ("tests/",), ()
WRITTEN = ("tests/durations.txt",)
"""What tests write and none looks at."""
RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("src/platinfra/targets/aws/machine*", ("tests/live/test_cloud_services.py", "tests/targets/aws/")),
    ("src/platinfra/targets/aws/*", AWS),
    ("src/platinfra/drivers/aws_*", AWS),
    ("src/platinfra/drivers/terraform*", AWS),
    ("src/platinfra/drivers/cloud_secrets.py", AWS),
    ("src/platinfra/drivers/eks*", ("tests/targets/aws/",)),
    ("src/platinfra/targets/kubernetes/*", KUBERNETES),
    ("src/platinfra/drivers/helm*", KUBERNETES),
    ("src/platinfra/drivers/ku*", KUBERNETES),
    ("src/platinfra/drivers/cluster_*", KUBERNETES),
    ("src/platinfra/drivers/registry*", KUBERNETES),
    ("src/platinfra/drivers/made_clusters.py", KUBERNETES),
    ("src/platinfra/drivers/containers.py", KUBERNETES),
    ("src/platinfra/targets/local/*", LOCAL),
    ("src/platinfra/drivers/*", LOCAL),
    ("src/platinfra/templates/*", ("tests/docs/test_live_blocks.py", "tests/quickstart/test_wheel.py")),
    ("src/*", ALL),
    ("examples/quickstart/*", ("tests/quickstart/",)),
    ("examples/lifecycle/*", ("tests/quickstart/test_lifecycle.py", "tests/quickstart/test_wheel.py", "tests/docs/")),
    ("examples/eks-platform/*", ("tests/targets/aws/", "tests/docs/")),
    ("docs/tutorial/quickstart.md", STARTED),
    ("README.md", STARTED),
    ("docs/*.md", ("tests/docs/test_live_blocks.py",)),
    ("requirements/checkov*", ("tests/targets/aws/test_checkov.py", "tests/targets/kubernetes/test_checkov.py")),
    ("requirements/*", STARTED),
    ("pyproject.toml", STARTED),
    ("Makefile", STARTED),
    ("*", NONE),
)
"""What a path is looked at by: starts of names of tests; the first pattern that fits counts."""


def tests_of(path: str) -> list[str]:
    """Return the files of tests that look at a path: what uses a part of the tests, what names a tool, or by a rule."""
    if path.startswith("tests/"):
        return sorted(reached(path) & set(test_files()))
    if tool := re.match(r"src/platinfra/tools/([a-z][\w-]*)/", path):
        return sorted({*naming(tool[1]), *OF_EVERY_TOOL})
    starts = next(found for pattern, found in RULES if fnmatchcase(path, pattern))
    return list(beginning(starts))


@cache
def beginning(starts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files of tests whose names begin so."""
    return tuple(each for each in test_files() if each.startswith(starts))


@cache
def naming(tool: str) -> tuple[str, ...]:
    """Return the files of tests that name a tool."""
    named = re.compile(rf"\b{re.escape(tool)}\b")
    return tuple(each for each in test_files() if named.search(text_of(each)))


def reached(path: str) -> set[str]:
    """Return a part of the tests with all that uses it, and what uses that."""
    found: set[str] = set()
    todo = [] if path in WRITTEN else [path]
    while todo:
        here = todo.pop()
        todo += () if here in found else users(here)
        found.add(here)
    return found


@cache
def users(path: str) -> tuple[str, ...]:
    """Return the modules that import one or start it; what is no module, and a conftest, all tests beside it use."""
    here = PurePosixPath(path)
    if here.name == "conftest.py" or here.suffix != ".py":
        return beginning((f"{here.parent}/",))
    name = re.escape(here.parent.name if here.stem == "__init__" else here.stem)
    used = re.compile(rf"^\s*(?:from|import) .*\b{name}\b|\b{name}\.py\b", re.MULTILINE)
    package = f"{here.parent}/__init__.py"
    whole = package in modules() and re.search(rf"\b{name}\b|import_module", text_of(package))
    return tuple(each for each in modules() if used.search(text_of(each)) or (whole and each == package))


@cache
def test_files() -> tuple[str, ...]:
    """Return the files of tests, sorted."""
    return tuple(each for each in modules() if PurePosixPath(each).name.startswith("test_"))


@cache
def modules() -> tuple[str, ...]:
    """Return all modules of the tests, sorted."""
    return tuple(sorted(each.relative_to(ROOT).as_posix() for each in (ROOT / "tests").rglob("*.py")))


@cache
def text_of(name: str) -> str:
    """Return the text of a file of tests."""
    return (ROOT / name).read_text(encoding="utf-8")
