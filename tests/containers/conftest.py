"""The engine that the tests of this folder share; they run only when they are asked for: `make live-containers`."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_urlsafe

import pytest

from platinfra.model.reference import Secret
from tests.containers import figures, machine, translation
from tests.containers.engine import Engine, EngineError
from tests.containers.figures import MEASURED, NOT_PLAYED
from tests.containers.translation import Pod
from tests.kubernetes.stacks import bundle

MARKER = "containers"
_BUILDING = 3600
_COUNTED: dict[str, int] = {}
Play = Callable[[str], dict[str, Pod]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}: installs Podman, builds images and runs them; only when asked for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of this folder out of every selection that does not name their marker."""
    if MARKER in config.option.markexpr:
        return
    ours = [item for item in items if item.get_closest_marker(MARKER)]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured, and keep the counts for the last line."""
    _COUNTED.update({name: len(terminalreporter.stats.get(name, [])) for name in ("passed", "failed", "error")})
    for line in figures.lines():
        terminalreporter.write_line(line)


def pytest_unconfigure() -> None:
    """Let the summary be the last line of all."""
    if figures.MEASURED:
        sys.stdout.write(figures.summary(_COUNTED) + "\n")


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Prepare the machine and start an engine; where that cannot be, say why and end with 1."""
    made = None
    try:
        installed = machine.install()
        made = Engine()
        base = machine.make_base(made)
    except (machine.UnableError, EngineError, OSError, subprocess.SubprocessError) as error:
        if made:
            made.end()
        pytest.exit(f"live-containers: containers cannot run here: {error}", returncode=1)
    except BaseException:
        if made:
            made.end()
        raise
    MEASURED.append(f"{made.podman('--version').strip()}, packages {installed:.0f} s")
    MEASURED.append(f"base image {base:.0f} s, {_size(made, machine.BASE)}")
    try:
        yield made
    finally:
        began = time.monotonic()
        made.end()
        MEASURED.append(f"cleared away in {time.monotonic() - began:.0f} s")


@pytest.fixture(scope="session")
def stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Return what builds the images of a stack, as people do, and makes pods of its manifests."""
    kept: dict[Secret, str] = {}

    def made(text: str) -> dict[str, Pod]:
        _build(engine, text, tmp_path_factory.mktemp("stack"))
        found = bundle(text)
        NOT_PLAYED.update(translation.left_alone(found))
        return translation.pods(found, lambda secret: kept.setdefault(secret, token_urlsafe(24)))

    return made


def _build(engine: Engine, text: str, folder: Path) -> None:
    """Run `platinfra images build` in a project; raise EngineError with what it said."""
    (folder / "platinfra.yaml").write_text(text)
    command = [sys.executable, "-m", "platinfra", "images", "build", "--base", machine.BASE]
    drafts = engine.folder / "drafts"
    drafts.mkdir(exist_ok=True)
    env = {**os.environ, "PLATINFRA_CONTAINER_ENGINE": str(engine.builder), "TMPDIR": str(drafts)}
    before = engine.builds()
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=_BUILDING)
    for name, seconds in engine.builds().items():
        if name not in before and engine.has(name):
            MEASURED.append(f"image {name}: built in {seconds:.0f} s, {_size(engine, name)}")
    if ended.returncode:
        raise EngineError(f"platinfra images build ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")


def _size(engine: Engine, image: str) -> str:
    return f"{engine.seen('image', image)['Size'] / 1e6:.0f} MB"
