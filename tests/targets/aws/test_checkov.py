"""Nothing in a plan fails a check of checkov but what is accepted, with a reason."""

import json
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from platinfra.targets.local.verbs.machine import environments
from tests.environments import CHECKOV
from tests.moto_server import moto, surroundings
from tests.targets.aws.plans import filled
from tests.targets.aws.stacks import ACCOUNT, CASES, NAMES
from tests.terraform import TERRAFORM, environment, terraform
from tests.terraform_provider import kept_provider

ACCEPTED: dict[str, dict[str, str]] = yaml.safe_load((Path(__file__).parent / "checkov_accepted.yaml").read_text())
PROGRAM = environments().location(CHECKOV) / "bin" / "checkov"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH"),
    pytest.mark.skipif(not PROGRAM.exists(), reason="run `make environments`"),
]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_exactly_the_accepted_checks_fail(tmp_path: Path) -> None:
    with moto(ACCOUNT) as url, kept_provider(aws := environment(tmp_path) | surroundings(url)) as kept:
        plans = [plan_of(name, aws | kept, tmp_path) for name in NAMES]
    accepted, failed = set(), []
    for check, address in failures(plans):
        patterns = [each for each in ACCEPTED.get(check, ()) if fnmatchcase(address, f"*{escaped(each)}")]
        accepted |= {(check, each) for each in patterns}
        failed += [] if patterns else [f"{check} {address}"]
    assert failed == []
    assert {(check, each) for check, patterns in ACCEPTED.items() for each in patterns} - accepted == set()


def escaped(pattern: str) -> str:
    """Take brackets for what they are."""
    return pattern.replace("[", "[[]")


def plan_of(name: str, env: dict[str, str], folder: Path) -> Path:
    """Write the plan of a case."""
    rendered = folder / name
    production = ["--env", "production"] if name == "production" else []
    command = [sys.executable, "-m", "platinfra", "render", str(CASES / name / "platinfra.yaml"), *production]
    subprocess.run([*command, "--out", str(rendered)], check=True, capture_output=True)
    for arguments in (["init"], ["plan", "-out=plan.tfplan"], ["show", "-json", "plan.tfplan"]):
        done = terraform(*arguments, cwd=rendered, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
    path = folder / f"{name}.json"
    path.write_text(json.dumps(filled(json.loads(done.stdout))))
    return path


def failures(plans: list[Path]) -> Iterator[tuple[str, str]]:
    """Yield the failed checks of plans, and the address of the resource."""
    # Without --skip-download it asks its vendor; it takes only files that end in .json for plans.
    options = ["--framework", "terraform_plan", "--output", "json", "--compact", "--quiet", "--skip-download"]
    done = subprocess.run([PROGRAM, *options, "--file", *plans], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    for each in report["results"]["failed_checks"]:
        yield each["check_id"], each["resource"]
