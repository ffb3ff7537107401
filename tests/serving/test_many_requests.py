"""Many clients at once: each model server answers all of them, and rightly."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from model_servers import ModelRegistry, Served, until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.finding("F10")
@pytest.mark.parametrize("tool", ["fastapi", "mlflow-serving"])
def test_1000_requests_of_64_clients_are_all_answered(
    tool: str, serve: Callable[[str], Served], registry: ModelRegistry
) -> None:
    served = serve(tool)
    version = registry.register(served.model, "one")
    until(lambda: served.serves(version))
    with ThreadPoolExecutor(64) as clients:
        answers = list(clients.map(lambda _: served.score(), range(1000)))
    assert Counter((status, str(found)) for status, _, found in answers) == {(200, "[1.0, 1.0]"): 1000}
