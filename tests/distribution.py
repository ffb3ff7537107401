"""Which tests a worker takes together, and what goes first."""

from collections import defaultdict

import pytest

from tests.durations import file_of, load

APART = (
    "tests/docs/test_live_blocks.py",
    "tests/live/test_changes.py",
    "tests/live/test_crashes.py",
    "tests/live/test_failures.py",
    "tests/live/test_interruptions.py",
    "tests/live/test_state.py",
    "tests/targets/aws/test_applications.py",
    "tests/targets/aws/test_faults.py",
    "tests/targets/aws/test_lifecycle.py",
    "tests/targets/aws/test_modules.py",
    "tests/targets/aws/test_validate.py",
    "tests/targets/aws/test_wire_enforcement.py",
    "tests/targets/kubernetes/test_lifecycle.py",
)
"""Files whose tests take long and share nothing that is made for them: workers take them one by one."""


def scope_of(test: str) -> str:
    """Return what a worker takes as a whole: a file, since its tests share what is made for them, or one test."""
    return test if file_of(test) in APART else file_of(test)


def longest_first(items: list[pytest.Item]) -> None:
    """Order what workers take by how long it took; the tests of a file keep their order."""
    recorded = load()
    totals: dict[str, float] = defaultdict(float)
    for item in items:
        totals[scope_of(item.nodeid)] += recorded.get(item.nodeid, 0)
    items.sort(key=lambda item: -totals[scope_of(item.nodeid)])


def scheduler(config: pytest.Config, log: object) -> object:
    """Return the scheduler of `--dist loadfile`, with the files above taken apart."""
    from xdist.scheduler import LoadFileScheduling

    class OneByOne(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    return OneByOne(config, log)
