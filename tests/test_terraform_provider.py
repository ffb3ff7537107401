"""The provider that commands of Terraform share ends with who wanted it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drivers.programs import eventually, lives
from tests.terraform import TERRAFORM
from tests.terraform_provider import VARIABLE, find_program, kept_provider

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(TERRAFORM is None or find_program() is None, reason="there is no mirror of the AWS provider"),
]
ROOT = Path(__file__).parent.parent
KEEP = f"""
import time
from tests.terraform_provider import kept_provider
with kept_provider({{}}) as kept:
    print(kept["{VARIABLE}"], flush=True)
    time.sleep(60)
"""


def pid_of(told: str) -> int:
    (each,) = json.loads(told).values()
    return int(each["Pid"])


def test_it_ends_with_the_block() -> None:
    with kept_provider({}) as kept:
        pid = pid_of(kept[VARIABLE])
        assert lives(pid)
    assert not lives(pid)


def test_it_ends_when_who_wanted_it_is_killed() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", KEEP], env=env, stdout=subprocess.PIPE, text=True) as wanted:
        assert wanted.stdout
        pid = pid_of(wanted.stdout.readline())
        assert lives(pid)
        wanted.kill()
    eventually(lambda: not lives(pid), within=20)
