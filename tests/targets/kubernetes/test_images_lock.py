"""Digests of images are asked for once, kept beside the stack file, and named from then on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.bundle import bundle as compiled
from platinfra.targets.kubernetes.facts import ClusterFacts
from platinfra.targets.kubernetes.image_digests import find_unpinned, images_in, read, with_digests, write_digests
from platinfra.targets.kubernetes.render import folder
from tests.conftest import Command
from tests.drivers.registry_double import Registry, registry
from tests.kubernetes.stacks import EVERYTHING, MODELS, ROUTED, SEED, TRACKING, bundle
from tests.stacks import CATALOG, resolved

FILE = "platinfra.images.json"
SHA = "sha256:" + "0123456789abcdef" * 4
STACK = """\
name: churn
provider: {name: kubernetes}
stack:
  monitoring: [web]
"""
TOOL = """\
name: web
summary: Shows a page.
homepage: https://example.org
license: Apache-2.0
provides: [monitoring]
endpoints:
  http: {port: 8000, ready: /, page: true}
run:
  kubernetes:
    workloads:
      main: {image: "HOST/ml/web:1", endpoints: [http]}
"""
CHARTED = """\
    charts:
      main:
        name: web
        repository: https://example.org
        version: 1.0.0
"""


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with registry() as made:
        yield made


def write(folder: Path, there: Registry, tool: str = TOOL, stack: str = STACK) -> None:
    (folder / "tools" / "web").mkdir(parents=True, exist_ok=True)
    (folder / "tools" / "web" / "tool.yaml").write_text(tool.replace("HOST", there.host))
    (folder / "platinfra.yaml").write_text(stack)


def kept(folder: Path) -> dict[str, str]:
    return json.loads((folder / FILE).read_text())


def pinned(text: str, digests: dict[str, str]) -> Bundle:
    from dataclasses import replace

    stack = resolved(text)
    place = replace(bundle(text).place, digests=digests)
    return compiled(ClusterFacts(stack.graph, CATALOG, place).values)


def all_of(text: str) -> dict[str, str]:
    return {str(each): SHA for each in images_in(bundle(text).objects)}


def pod(image: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "main", "image": image}], **more}}


def test_the_digest_of_a_tag_is_kept_beside_the_file(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    digest = there.add("ml/web:1")
    write(tmp_path, there)
    ended = platinfra("images", "lock")
    assert ended.code == 0, ended.err
    assert digest in ended.out
    assert kept(tmp_path) == {f"{there.host}/ml/web:1": digest}


def test_what_is_rendered_names_it_and_keeps_the_tag(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    digest = there.add("ml/web:1")
    write(tmp_path, there)
    platinfra("images", "lock")
    there.asked.clear()
    ended = platinfra("render", "--out", "out")
    assert ended.code == 0
    assert "image-not-pinned" not in ended.err
    assert f"{there.host}/ml/web:1@{digest}" in "".join(each.read_text() for each in tmp_path.glob("out/*/*.yaml"))
    assert there.asked == [], "registries are asked by `lock` only"


@pytest.mark.parametrize("command", [("plan", "--offline"), ("render", "--out", "out")])
def test_an_image_that_the_file_lacks_is_a_warning_with_the_command(
    platinfra: Command, tmp_path: Path, there: Registry, command: tuple[str, ...]
) -> None:
    write(tmp_path, there)
    (tmp_path / FILE).write_text("{}\n")
    ended = platinfra(*command)
    assert ended.code in {0, 3}
    assert "warning[image-not-pinned]" in ended.err
    assert f"{there.host}/ml/web:1" in ended.err
    assert "platinfra images lock" in ended.err


def test_without_the_file_nobody_is_warned(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    write(tmp_path, there)
    assert "image-not-pinned" not in platinfra("plan", "--offline").err


def test_another_lock_forgets_what_nobody_names(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    there.add("ml/web:1")
    digest = there.add("ml/web:2", "other")
    write(tmp_path, there)
    platinfra("images", "lock")
    write(tmp_path, there, TOOL.replace("web:1", "web:2"))
    platinfra("images", "lock")
    assert kept(tmp_path) == {f"{there.host}/ml/web:2": digest}


def test_a_tag_that_moved_is_asked_for_again(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    there.add("ml/web:1")
    write(tmp_path, there)
    platinfra("images", "lock")
    digest = there.add("ml/web:1", "other")
    platinfra("images", "lock")
    assert kept(tmp_path) == {f"{there.host}/ml/web:1": digest}


def test_nothing_is_written_when_one_image_is_missing(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    write(tmp_path, there)
    ended = platinfra("images", "lock")
    assert ended.code == 2
    assert "error[image-not-found]" in ended.err
    assert not (tmp_path / FILE).exists()


def test_a_registry_that_does_not_answer_is_asked_for_one_image_only(
    platinfra: Command, tmp_path: Path, there: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    there.busy = 1000
    second = '      second: {image: "HOST/ml/web:2"}\n'
    write(tmp_path, there, TOOL + second)
    ended = platinfra("images", "lock")
    assert "error[registry-unreachable]" in ended.err
    assert {path for _, path, _ in there.asked} == {"/v2/ml/web/manifests/1"}


def test_images_of_every_environment_are_kept(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    digests = {f"{there.host}/ml/web:{tag}": there.add(f"ml/web:{tag}", tag) for tag in ("1", "2")}
    other = TOOL.replace("web:1", "${settings.image}").replace("endpoints:", 'settings: {image: {type: string, default: "web:1", help: x}}\nendpoints:', 1)  # fmt: skip
    test = "environments:\n  test: {provider: {name: kubernetes}, settings: {web: {image: 'web:2'}}}\n  here: {provider: {name: local}}\n"
    write(tmp_path, there, other.replace("run:\n", "run:\n  local: {}\n", 1), STACK + test)
    ended = platinfra("images", "lock")
    assert kept(tmp_path) == digests, ended.err
    digests[f"{there.host}/ml/web:2"] = there.add("ml/web:2", "moved")
    there.add("ml/web:1", "moved as well")
    platinfra("images", "lock", "--env", "test")
    assert kept(tmp_path) == digests


def test_images_of_charts_are_kept_while_the_charts_are_out_of_reach(
    platinfra: Command, tmp_path: Path, there: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = there.add("ml/web:1")
    write(tmp_path, there, TOOL + CHARTED)
    (tmp_path / FILE).write_text(write_digests({"quay.io/of/charts:1": SHA}))
    monkeypatch.setattr("platinfra.drivers.helm.find", _no_helm)
    ended = platinfra("images", "lock")
    assert "skipped the images of charts" in ended.err
    assert kept(tmp_path) == {f"{there.host}/ml/web:1": digest, "quay.io/of/charts:1": SHA}


def test_images_of_charts_are_asked_for_where_helm_is(
    platinfra: Command, tmp_path: Path, there: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = {f"{there.host}/ml/{name}": there.add(f"ml/{name}") for name in ("web:1", "chart:1")}
    write(tmp_path, there, TOOL + CHARTED)
    monkeypatch.setattr("platinfra.drivers.helm.find", lambda: _Helm(f"{there.host}/ml/chart:1"))
    platinfra("images", "lock")
    assert kept(tmp_path) == digests
    # Whether the pods are safe is judged elsewhere.
    monkeypatch.setattr("platinfra.drivers.helm_charts.definitions", lambda _: [])
    monkeypatch.setattr("platinfra.targets.kubernetes.verbs.session.problems", lambda *_: [])
    platinfra("render", "--format", "manifests", "--out", "out")
    text = "".join(each.read_text() for each in tmp_path.glob("out/*.yaml"))
    assert all(f"{name}@{digest}" in text for name, digest in digests.items())
    (tmp_path / FILE).write_text("{}\n")
    assert "ml/chart:1" in platinfra("render", "--format", "manifests", "--out", "out").err


class _Helm:
    """Turns every chart into one pod."""

    def __init__(self, image: str) -> None:
        self.image = image

    def fetch(self, _: object) -> Path:
        return Path(__file__)

    def template(self, *_: object) -> list[dict[str, Any]]:
        return [{**pod(self.image), "metadata": {"name": "web", "namespace": "churn"}}]


def _no_helm() -> None:
    from platinfra.diagnostics import Diagnostic

    raise PlatinfraError(Diagnostic("helm-missing", "Helm is not installed"))


def test_built_images_are_locked_once_they_are_pushed(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    pushed = STACK.replace("[web]", "[evidently]") + f"deployment: {{registry: {there.host}/ml}}\n"
    write(tmp_path, there, stack=pushed)
    ended = platinfra("images", "lock")
    assert (ended.code, kept(tmp_path)) == (0, {})
    assert "left out" in ended.out
    (name,) = (each["name"] for each in json.loads(platinfra("images", "--json").out)["images"])
    digest = there.add(name.removeprefix(f"{there.host}/"))
    platinfra("images", "lock")
    assert kept(tmp_path) == {name: digest}


def test_images_without_a_registry_are_left_out(platinfra: Command, tmp_path: Path, there: Registry) -> None:
    write(tmp_path, there, stack=STACK.replace("[web]", "[evidently]"))
    assert platinfra("images", "lock").code == 0
    assert kept(tmp_path) == {}
    assert "image-not-pinned" not in platinfra("plan", "--offline").err


def test_a_stack_on_this_machine_has_no_images(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text("name: a\nstack: {experiment_tracker: [mlflow]}\n")
    assert "error[target-not-available]" in platinfra("images", "lock").err


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": "sha256:0"}', '{"a": {}}'])
def test_a_file_that_holds_something_else_is_refused(
    platinfra: Command, tmp_path: Path, there: Registry, text: str
) -> None:
    write(tmp_path, there)
    (tmp_path / FILE).write_text(text)
    assert "error[image-lock-unreadable]" in platinfra("plan", "--offline").err


def test_the_file_is_sorted_and_read_back() -> None:
    digests = {"quay.io/b/b:1": SHA, "docker.io/library/a:1": SHA}
    assert list(json.loads(write_digests(digests))) == sorted(digests)
    assert read(write_digests(digests)) == digests


@pytest.mark.parametrize("text", [TRACKING, EVERYTHING, MODELS, SEED, ROUTED])
def test_every_image_of_ours_is_named_by_its_digest(text: str) -> None:
    made = pinned(text, all_of(text))
    found = images_in(made.objects)
    assert found
    assert {each.digest for each in found} == {SHA}
    assert made.unpinned == ()


def test_another_digest_makes_another_job() -> None:
    def jobs(digests: dict[str, str]) -> set[str]:
        return {each["metadata"]["name"] for each in pinned(SEED, digests).objects if each["kind"] == "Job"}

    other = dict.fromkeys(all_of(SEED), SHA[:-1] + "0")
    assert jobs(all_of(SEED))
    assert jobs(all_of(SEED)).isdisjoint(jobs(other))
    assert jobs({}) == {each["metadata"]["name"] for each in bundle(SEED).objects if each["kind"] == "Job"}


def test_releases_keep_their_tags() -> None:
    values = [each.values for each in pinned(EVERYTHING, all_of(EVERYTHING)).releases]
    assert values == [each.values for each in bundle(EVERYTHING).releases]
    assert SHA not in "".join(folder(pinned(EVERYTHING, {}), "helm").values())


def test_images_are_found_in_pods_and_in_custom_resources() -> None:
    custom = {
        "kind": "SparkApplication",
        "spec": {"image": "spark:4", "driver": {"sidecars": [{"image": "quay.io/a/b"}]}},
    }
    found = images_in([custom, pod("python:3", initContainers=[{"name": "first", "image": f"busybox@{SHA}"}])])
    assert {str(each) for each in found} == {
        *("docker.io/library/spark:4", "quay.io/a/b:latest"),
        *("docker.io/library/python:3", f"docker.io/library/busybox@{SHA}"),
    }


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "CustomResourceDefinition"])
def test_data_that_is_called_image_is_no_image(kind: str) -> None:
    each = {"kind": kind, "data": {"image": "python:3"}}
    assert images_in([each]) == set()
    assert with_digests(each, {"docker.io/library/python:3": SHA}) == each


def test_a_digest_that_somebody_chose_stays() -> None:
    other = "sha256:" + "f" * 64
    each = pod(f"python:3@{other}")
    assert with_digests(each, {"docker.io/library/python:3": SHA}) == each
    assert list(find_unpinned([each], {})) == []


def test_short_names_get_the_digest_of_what_they_mean() -> None:
    found = with_digests(pod("python:3"), {"docker.io/library/python:3": SHA})
    assert found["spec"]["containers"][0]["image"] == f"python:3@{SHA}"
