"""No object of ours fails a policy of checkov but what is accepted, with a reason."""

import json
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from platinfra.model.template import plain
from platinfra.targets.kubernetes.rules.text import to_yaml
from platinfra.targets.local.verbs.machine import environments
from tests.environments import CHECKOV
from tests.kubernetes.stacks import EVERYTHING, SEED, TRACKING, bundle

ACCEPTED: dict[str, dict[str, str]] = yaml.safe_load((Path(__file__).parent / "checkov_accepted.yaml").read_text())
PROGRAM = environments().location(CHECKOV) / "bin" / "checkov"

pytestmark = [pytest.mark.live, pytest.mark.skipif(not PROGRAM.exists(), reason="run `make environments`")]


@pytest.mark.timeout(300)
def test_exactly_the_accepted_policies_fail(tmp_path: Path) -> None:
    for name, text in {"tracking": TRACKING, "seed": SEED, "everything": EVERYTHING}.items():
        (tmp_path / f"{name}.yaml").write_text(to_yaml([plain(each) for each in bundle(text).objects]))
    accepted, failed = set(), []
    for check, resource in failures(tmp_path):
        patterns = [each for each in ACCEPTED.get(check, ()) if fnmatchcase(resource, each)]
        accepted |= {(check, each) for each in patterns}
        failed += [] if patterns else [f"{check} {resource}"]
    assert sorted(set(failed)) == []
    assert {(check, each) for check, patterns in ACCEPTED.items() for each in patterns} - accepted == set()


def failures(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the failed policies, and `Kind.namespace.name` of the object."""
    # Without --skip-download it asks its vendor.
    options = ["--framework", "kubernetes", "--output", "json", "--compact", "--quiet", "--skip-download"]
    done = subprocess.run(
        [PROGRAM, *options, "--directory", folder], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 1000
    for each in report["results"]["failed_checks"]:
        yield each["check_id"], each["resource"]
