"""Workloads that need nothing else: built from their locks, played from their manifests, used as people use them."""

import json
from collections.abc import Iterator

import pytest

from tests.containers import playing
from tests.containers.conftest import Play
from tests.containers.engine import NETWORK, Engine
from tests.containers.translation import Pod

pytestmark = [pytest.mark.containers, pytest.mark.timeout(3600)]
STACK = """\
name: churn
provider: {name: kubernetes}
stack:
  pipelining: [luigi]
  monitoring: [evidently]
"""
TASK = """
import luigi, os
class Done(luigi.Task):
    def output(self):
        return luigi.LocalTarget("/tmp/done")
    def run(self):
        with self.output().open("w") as file:
            file.write("done")
assert luigi.build([Done()], scheduler_url=os.environ["LUIGI_SCHEDULER_URL"], local_scheduler=False)
"""


@pytest.fixture(scope="module")
def pods(engine: Engine, stack: Play) -> Iterator[dict[str, Pod]]:
    made = stack(STACK)
    for pod in made.values():
        playing.bring_up(engine, pod)
    yield made
    for pod in made.values():
        playing.stop(engine, pod)


@pytest.mark.parametrize("name", ["evidently", "luigi"])
def test_pods_are_confined_as_their_manifests_say(engine: Engine, pods: dict[str, Pod], name: str) -> None:
    assert playing.confinement(engine, pods[name]) == playing.described_confinement(pods[name])


def test_evidently_keeps_reports_over_a_restart(engine: Engine, pods: dict[str, Pod]) -> None:
    pod = pods["evidently"]
    image = pod.described["containers"][0]["image"]

    def check(*arguments: str) -> None:
        told = "--env=EVIDENTLY_URL=http://evidently.churn.svc.cluster.local:8000"
        program = "/opt/platinfra/tools/evidently/check.py"
        engine.podman("run", "--rm", f"--network={NETWORK}", told, image, "python", program, *arguments)

    check("write", "before")
    playing.again(engine, pod)
    check("find", "before")


def test_luigi_remembers_tasks_over_a_restart(engine: Engine, pods: dict[str, Pod]) -> None:
    pod = pods["luigi"]
    url = "http://luigi.churn.svc.cluster.local:8082"
    engine.python(pod.described["containers"][0]["image"], TASK, env={"LUIGI_SCHEDULER_URL": url})
    playing.again(engine, pod)
    status, text = playing.ask(
        engine, f"{url}/api/task_list?data=%7B%22status%22%3A%22%22%2C%22upstream_status%22%3A%22%22%7D"
    )
    assert status == 200
    assert [each["name"] for each in json.loads(text)["response"].values()] == ["Done"]


def test_luigi_reads_the_file_of_its_config_map(engine: Engine, pods: dict[str, Pod]) -> None:
    status, text = playing.ask(engine, "http://luigi.churn.svc.cluster.local:8082/metrics")
    assert status == 200
    assert "luigi_task_started_total" in text
