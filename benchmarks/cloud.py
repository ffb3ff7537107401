"""What a stack on AWS costs in time, beside bare Terraform on the same folder and the same stand-in for AWS."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.moto_server import moto, surroundings  # noqa: E402
from tests.targets.aws.leftovers import leftovers  # noqa: E402
from tests.terraform import environment  # noqa: E402

from platinfra.app.stacks import stack_of  # noqa: E402

CASE = ROOT / "tests" / "targets" / "aws" / "cases" / "seed" / "platinfra.yaml"
ACCOUNT, REGION = "210987654321", "us-east-1"
RUNS = 2
PLATINFRA = [sys.executable, "-m", "platinfra"]
TERRAFORM = shutil.which("terraform") or "terraform"


def measure(median: Callable[[Sequence[float]], float]) -> list[dict]:
    """Measure rendering, planning and applying the seed specification."""
    with tempfile.TemporaryDirectory() as folder:
        return [*rendering(Path(folder), median), *permission_rows(), *lifecycle(Path(folder), median)]


def rendering(folder: Path, median: Callable[[Sequence[float]], float]) -> Iterator[dict]:
    """Time `render`, the whole process."""
    command = [*PLATINFRA, "render", str(CASE), "--out", str(folder / "rendered")]
    seconds = median([timed(command, folder, dict(os.environ)) for _ in range(RUNS + 2)])
    yield row("`render` of the seed spec, whole process", f"{seconds:.2f} s", "≤ 0.6 s", ok=seconds <= 0.6)


def permission_rows() -> Iterator[dict]:
    """Count the stars of all statements."""
    stack, target = stack_of(CASE, None)
    found = target.permissions(stack).statements
    actions = sum("*" in action for each in found for action in each.actions)
    resources = [each for each in found if "*" in each.resources and not each.reason]
    text = f"{actions} / {len(resources)} of {len(found)} statements"
    yield row(
        "statements with a `*` action / unjustified `*` resource", text, "0 / 0", ok=not actions and not resources
    )


def lifecycle(folder: Path, median: Callable[[Sequence[float]], float]) -> Iterator[dict]:
    """Bring the stack up and down, once with platinfra and once with bare Terraform."""
    with account(folder / "own") as (place, env, url):
        shutil.copy(CASE, place / "platinfra.yaml")
        up = timed([*PLATINFRA, "up", "--yes"], place, env)
        root = place / ".platinfra" / "default" / "terraform"
        pairs = [
            (timed([*PLATINFRA, "plan"], place, env), timed([TERRAFORM, "plan", "-input=false"], root, env))
            for _ in range(RUNS)
        ]
        timed([*PLATINFRA, "down", "--delete-data", "--confirm", "aws-mlops-stack"], place, env)
        left = leftovers(url, REGION)
    ratio = median([ours / bare for ours, bare in pairs])
    bare_apply = bare(folder)
    text = f"{ratio:.2f} ({median([bare for _, bare in pairs]):.1f} s bare)"
    yield row("`platinfra plan` / bare `terraform plan`", text, "≤ 1.15", ok=ratio <= 1.15)
    text = f"{up / bare_apply:.2f} ({bare_apply:.0f} s bare)"
    yield row("`up` / bare `terraform apply`", text, "≤ 1.1", ok=up / bare_apply <= 1.1)
    yield row("resources left after `down`", str(len(left)), "0", ok=not left)


def bare(folder: Path) -> float:
    """Apply the rendered folder with Terraform alone, in an account of its own."""
    with account(folder / "bare") as (place, env, _):
        rendered = place / "rendered"
        timed([*PLATINFRA, "render", str(CASE), "--out", str(rendered)], place, env)
        began = time.monotonic()
        timed([TERRAFORM, "init", "-input=false"], rendered, env)
        timed([TERRAFORM, "apply", "-input=false", "-auto-approve"], rendered, env)
        return time.monotonic() - began


@contextmanager
def account(folder: Path) -> Iterator[tuple[Path, dict[str, str], str]]:
    """Yield a folder and the environment of an empty account."""
    folder.mkdir()
    with moto(ACCOUNT) as url:
        yield folder, {**environment(folder), **surroundings(url), "HOME": str(folder)}, url


def timed(command: Sequence[str], folder: Path, env: dict[str, str]) -> float:
    """Run a command to its end and return its seconds."""
    began = time.monotonic()
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    return time.monotonic() - began


def row(what: str, measured: str, reach: str, *, ok: bool) -> dict:
    """Return one line of the page."""
    return {"what": what, "measured": measured, "reach": reach, "ok": ok}
