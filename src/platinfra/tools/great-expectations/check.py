"""Prove that Great Expectations works: `write` a suite and a result of a validation, and `find` them, on the pages too."""

import os
from typing import Any
from urllib.request import ProxyHandler, build_opener

import great_expectations as gx
import pandas as pd
from great_expectations.core.run_identifier import RunIdentifier

from client_check import check
from quality_runs import find_tracked, track

FRAME = pd.DataFrame({"price": [1.0, None, 3.0]})
EXPECTATION = "expect_column_values_to_not_be_null"
NAME = "platinfra-check"


def context() -> Any:
    """Return the context that the stack keeps, without a bar for each metric."""
    found = gx.get_context()
    found.variables.progress_bars = {"globally": False}
    return found


def batches(kept: Any) -> Any:
    """Return what names the whole of a frame in the context; it is there once, however often this runs."""
    source = kept.data_sources.add_or_update_pandas(NAME)
    return source.add_dataframe_asset(NAME).add_batch_definition_whole_dataframe(NAME)


def write(marker: str) -> str | None:
    """Keep a suite, validate a frame by it, and log what failed; return what is wrong with the result."""
    kept = context()
    suite = kept.suites.add(gx.ExpectationSuite(name=marker))
    suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column="price"))
    definition = gx.ValidationDefinition(name=marker, data=batches(kept), suite=suite)
    validations = [kept.validation_definitions.add(definition)]
    point = kept.checkpoints.add(gx.Checkpoint(name=marker, validation_definitions=validations))
    done = point.run({"dataframe": FRAME}, run_id=RunIdentifier(run_name=marker))
    failed = [each for result in done.run_results.values() for each in result.results if not each.success]
    track("great-expectations", marker, len(failed), {"failed": [each.expectation_config.type for each in failed]})
    return None if len(failed) == 1 else f"it refuses {failed}"


def find(marker: str) -> str | None:
    """Look for the suite and the result in the context, on the pages, and in the tracker."""
    kept = context()
    types = [each.expectation_type for each in kept.suites.get(marker).expectations]
    if types != [EXPECTATION]:
        return f"the suite that was kept expects {types}"
    store = kept.validation_results_store
    results = [store.get(key) for key in store.list_keys() if key.run_id.run_name == marker]
    if [each.success for each in results] != [False]:
        return f"not found: the result that failed, only {results}"
    logged = find_tracked("great-expectations", marker)
    if isinstance(logged, str) or logged not in (None, {"failed": [EXPECTATION]}):
        return logged if isinstance(logged, str) else f"the report says {logged}"
    return None if marker in pages() else "not found: the result on the pages"


def pages() -> str:
    """Return the first page, which names all results."""
    opener = build_opener(ProxyHandler({}))
    with opener.open(os.environ["GREAT_EXPECTATIONS_URL"], timeout=45) as answer:
        return str(answer.read().decode())


if __name__ == "__main__":
    check("great-expectations", write, find)
