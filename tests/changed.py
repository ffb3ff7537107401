"""
Run the slow tests of what changed: `python tests/changed.py OPTION...`, or `make live CHANGED=1`; options are pytest's.

What changed is what differs from `BASE`. Without it that is the newer of the last tag and the commit where the branch
left main; on main itself what was merged last, or main a day before its newest commit. What fits into `MINUTES`
(20) runs, beginning with changes that few tests look at; what is left out is named.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from tests.durations import file_of, load  # noqa: E402
from tests.subjects import tests_of  # noqa: E402

MAINS = ("upstream/main", "origin/main", "main")
DAY = 24 * 60 * 60
MINUTES = 20.0
WORKERS = 3
AIR = 0.8
"""The part of the workers' time that is filled: the last tests rarely end together."""
UNKNOWN = 60.0
"""Seconds of a test that was never measured."""
SHOWN = 3


@dataclass(frozen=True)
class Base:
    """A commit, and why changes are counted from it; without a commit, everything changed."""

    commit: str
    why: str


def main(options: list[str]) -> int:
    """Choose, tell, run; nothing to run is no failure."""
    base = find_base()
    print(f"changes since {base.commit[:12] or 'the beginning'}: {base.why}")
    chosen = by_file(changed(base))
    fitting, left = fitted(slow_tests(chosen), minutes())
    tell(chosen, fitting, left)
    if not fitting:
        return 0
    return subprocess.run([*PYTEST, *options, "-m", "slow", *fitting], cwd=ROOT, check=False).returncode


PYTEST = (sys.executable, "-m", "pytest")


def git(*arguments: str) -> str:
    """Return what git says; nothing when it fails, or when this is no clone."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def find_base() -> Base:
    """Return the first base there is."""
    return next(each for each in bases() if each.commit or each.why == NO_BASE.why)


NO_BASE = Base("", "nothing older is known here, so everything counts as changed")


def bases() -> Iterator[Base]:
    """Yield what changes may be counted from, the best first."""
    if named := os.environ.get("BASE"):
        yield Base(commit_of(named) or unknown(named), "BASE names it")
    yield newest(
        Base(last_tag(), "the last tag"),
        *(Base(merge_base(each), f"the branch left {each} there") for each in MAINS),
    )
    yield Base(git("rev-parse", "--verify", "HEAD^2") and commit_of("HEAD^"), "HEAD merged the rest")
    yield Base(day_before(), "main a day before its newest commit")
    yield NO_BASE


def newest(*found: Base) -> Base:
    """Return the base with the fewest commits since."""
    known = [each for each in found if each.commit]
    return min(known, key=lambda each: int(git("rev-list", "--count", f"{each.commit}..HEAD")), default=Base("", ""))


def last_tag() -> str:
    """Return the commit of the newest tag before HEAD."""
    tag = git("describe", "--tags", "--abbrev=0", "HEAD^")
    return commit_of(tag) if tag else ""


def merge_base(name: str) -> str:
    """Return where HEAD left a branch; nothing when the branch has all of HEAD."""
    found = git("merge-base", "HEAD", name)
    return found if found != commit_of("HEAD") else ""


def day_before() -> str:
    """Return the newest commit that is a day older than HEAD."""
    now = git("log", "-1", "--format=%ct")
    return git("rev-list", "-1", f"--before={int(now) - DAY}", "HEAD") if now else ""


def commit_of(name: str) -> str:
    """Return the commit of a name."""
    return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def unknown(name: str) -> str:
    """End: whoever names a base means it."""
    raise SystemExit(f"BASE={name} is no commit of this clone")


def changed(base: Base) -> list[str]:
    """Return the paths that differ from the base, those that are not committed yet included."""
    if not base.commit:
        return everything()
    return sorted({*git("diff", "--name-only", base.commit).splitlines(), *untracked()})


def everything() -> list[str]:
    """Return all paths of the product; git may know nothing of them."""
    found = (each for top in ("docs", "examples", "src") for each in (ROOT / top).rglob("*") if each.is_file())
    return [each.relative_to(ROOT).as_posix() for each in sorted(found) if each.suffix != ".pyc"]


def untracked() -> list[str]:
    """Return the paths that git was not told of."""
    return git("ls-files", "--others", "--exclude-standard").splitlines()


def by_file(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return for each file of tests the changes that it looks at, beginning with changes that few files look at."""
    looked_at = {path: tests_of(path) for path in paths}
    found: dict[str, list[str]] = {}
    for path in sorted(looked_at, key=lambda each: (len(looked_at[each]), each)):
        for test in looked_at[path]:
            found.setdefault(test, []).append(path)
    return found


def slow_tests(files: Iterable[str]) -> list[str]:
    """Return the slow tests of files, in their order."""
    names = list(files)
    if not names:
        return []
    command = [*PYTEST, "--collect-only", "-n", "0", "-m", "slow", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 5):
        raise SystemExit(done.stdout + done.stderr)
    found = [line for line in done.stdout.splitlines() if "::" in line]
    return sorted(found, key=lambda test: names.index(file_of(test)))


def minutes() -> float:
    """Return how long the tests may take."""
    return float(os.environ.get("MINUTES", MINUTES))


def fitted(tests: Iterable[str], available: float) -> tuple[list[str], list[str]]:
    """
    Divide tests into those that end in the minutes, as far as was measured, and the rest.

    The tests of a file run one after the other, those of several files side by side; what comes after one that is left may
    build on it, so it is left too.
    """
    recorded, free = load(), available * 60 * WORKERS * AIR
    of_file: dict[str, float] = defaultdict(lambda: available * 60)
    fitting: list[str] = []
    left: list[str] = []
    for test in tests:
        seconds = recorded.get(test, UNKNOWN)
        if seconds > min(free, of_file[file_of(test)]):
            left.append(test)
            of_file[file_of(test)] = 0.0
            continue
        fitting.append(test)
        free -= seconds
        of_file[file_of(test)] -= seconds
    return fitting, left


def tell(chosen: dict[str, list[str]], fitting: list[str], left: list[str]) -> None:
    """Print what runs and why, and what does not."""
    if not fitting and not left:
        print("no slow test looks at what changed: nothing to run")
    for file in dict.fromkeys(map(file_of, fitting)):
        reasons = chosen[file]
        more = f" and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
        print(f"{file}: {sum(file_of(test) == file for test in fitting)} for {', '.join(reasons[:SHOWN])}{more}")
    if left:
        print(f"left for `make live`, since they do not fit into {minutes():g} minutes:", *left, sep="\n  ")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
