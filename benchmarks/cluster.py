"""
What a stack in a cluster costs in time, beside Helm alone on the same charts, and how closed it is.

Public charts are not in the repository. Those of a folder named in PLATINFRA_CHARTS are taken, else those that earlier
commands left in the user's cache; tools whose chart is in neither are left out of the stack that is timed.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.kubernetes.schemas import VERSIONS, strict  # noqa: E402
from tests.kubernetes.stacks import EVERYTHING, SEED, TRACKING  # noqa: E402
from tests.kubernetes.stacks import bundle as bundle_of  # noqa: E402
from tests.targets.kubernetes.test_network import reached, wired  # noqa: E402

from platinfra.diagnostics import PlatinfraError  # noqa: E402
from platinfra.drivers import helm  # noqa: E402
from platinfra.drivers.helm_releases import HelmReleases  # noqa: E402
from platinfra.model.template import plain  # noqa: E402
from platinfra.targets.kubernetes.plan import exceptions, plan, problems  # noqa: E402
from platinfra.targets.kubernetes.render import Material, folder  # noqa: E402
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects  # noqa: E402
from platinfra.targets.kubernetes.verbs.session import render_charts  # noqa: E402

STACKS = (TRACKING, SEED, EVERYTHING)
FEWEST, RUNS = 12, 5
NOTHING: frozenset[str] = frozenset()


def measure(median: Callable[[Sequence[float]], float]) -> list[dict]:
    """Time planning and rendering, and count what is not as it should be."""
    return [*timing(median), *counts()]


def timing(median: Callable[[Sequence[float]], float]) -> Iterator[dict]:
    """Compare everything from the text to the rendered folder with Helm's own part of it."""
    what, reach = "plan + render / Helm's own rendering of the same charts", "≤ 1.2"
    engine = helm.find()
    text, missing = _with_charts(EVERYTHING + _charts(), engine)
    found = bundle_of(text)
    tools = len(found.values.graph.components)
    if tools < FEWEST:
        yield row(what, f"not measured: no chart of {', '.join(sorted(missing))}", reach, ok=False)
        return
    render_charts(found, engine, found.place.version, NOTHING)
    pairs = [_timed(text, engine) for _ in range(RUNS)]
    ratio = median([whole / helms for whole, helms in pairs])
    seconds = median([helms for _, helms in pairs])
    number = len(found.releases)
    yield row(
        what, f"{ratio:.2f} ({tools} components, {number} releases, {seconds:.1f} s of Helm)", reach, ok=ratio <= 1.2
    )


def _charts() -> str:
    given = os.environ.get("PLATINFRA_CHARTS")
    return f"deployment: {{charts: {json.dumps(given)}}}\n" if given else ""


def _with_charts(text: str, engine: HelmReleases) -> tuple[str, set[str]]:
    """Return a stack without the tools whose charts are not here, and their names."""
    found = bundle_of(text)
    missing = {step.component for step in found.steps if step.release and not _is_there(engine, step.release)}
    data = yaml.safe_load(text)
    data["stack"] = {
        stage: kept
        for stage, uses in data["stack"].items()
        if (kept := [each for each in uses if str(each) not in missing])
    }
    return yaml.safe_dump(data, sort_keys=False), missing


def _is_there(engine: HelmReleases, release: object) -> bool:
    from platinfra.targets.kubernetes.plan import release_of

    try:
        engine.fetch(release_of(release).chart)
    except PlatinfraError:
        return False
    return True


def _timed(text: str, engine: HelmReleases) -> tuple[float, float]:
    """Return the seconds of everything, and of Helm in it, which has rendered nothing yet."""
    engine = HelmReleases(engine.engine)
    began = time.perf_counter()
    made = bundle_of(text)
    before = time.perf_counter()
    objects = render_charts(made, engine, made.place.version, NOTHING)
    after = time.perf_counter()
    problems(made, objects, NOTHING)
    plan(made, objects)
    folder(made, "manifests", Material(objects))
    return time.perf_counter() - began, after - before


def counts() -> Iterator[dict]:
    """Count what the stacks of the tests have, whatever their charts become."""
    made = [bundle_of(text) for text in STACKS]
    ours = [[plain(each) for each in one.objects] for one in made]
    refused = sum(len(strict(objects, version)) for objects in ours for version in VERSIONS)
    total = sum(map(len, ours))
    yield row(
        "objects that fail strict validation", f"{refused} of {total}, {len(VERSIONS)} versions", "0", ok=not refused
    )
    open_pairs = sum(len(reached(one, objects) - wired(one)) for one, objects in zip(made, ours, strict=True))
    wires = sum(len(wired(one)) for one in made)
    text = f"{open_pairs}, and {wires} ports along wires"
    yield row("pairs of components that can talk without a wire", text, "0", ok=not open_pairs)
    loose = sum(
        len(restricted_objects(objects, exceptions=exceptions(one, {})))
        for one, objects in zip(made, ours, strict=True)
    )
    yield row("pods outside *restricted* without a listed reason", str(loose), "0", ok=not loose)


def row(what: str, measured: str, reach: str, *, ok: bool) -> dict:
    """Return a row of the page."""
    return {"what": what, "measured": measured, "reach": reach, "ok": ok}
