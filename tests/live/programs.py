"""Programs that people install: a test of a tool that needs one is skipped where it is missing, but not in CI."""

import os

import pytest

from platinfra.catalog.catalog import Catalog
from platinfra.drivers.program_version import read_version
from platinfra.targets.local.programs import problem

REQUIRED = "PLATINFRA_TEST_PROGRAMS"
"""The variable that `.ci/run` sets, having installed them all."""


def need_programs(*tools: str) -> None:
    """Skip a test where programs of its tools are missing; fail it where they have to be there."""
    for tool in tools:
        local = Catalog().get(tool).run.local
        found = problem(tool, local.needs, "linux", read_version) if local and local.needs else None
        if found and os.environ.get(REQUIRED):
            pytest.fail(f"{found.message}: {found.hint}")
        if found:
            pytest.skip(f"{found.message}; {REQUIRED}=1 makes this a failure")
