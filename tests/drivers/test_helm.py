"""Helm: charts are fetched and read, releases come, change and go; by the library and by the program."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.drivers import helm, helm_charts, helm_library, helm_objects, helm_problems
from platinfra.drivers.helm_cli import HelmProgram
from platinfra.drivers.helm_library import HelmLibrary
from platinfra.drivers.helm_releases import HelmReleases
from platinfra.drivers.kubernetes_client import KubernetesClient
from platinfra.model.cluster import Chart, Invented, Release, Revision
from platinfra.model.drift import Drift
from platinfra.targets.kubernetes.drift import of_release
from tests.kubernetes.api import Cluster, cluster

from .programs import eventually

CHARTS = str(Path(__file__).parent.parent / "kubernetes" / "charts")
WEB = Chart("web", CHARTS, "1.2.0")
OPERATOR = Chart("operator", CHARTS, "0.3.0")
HERE = "default"
absent = pytest.mark.skipif(find_spec("helm_python") is None, reason="helm_python is not installed")


def live(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that needs the real program."""
    marked: Callable[..., None] = pytest.mark.live(absent(test))
    return marked


@pytest.fixture
def api() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


@pytest.fixture
def releases(api: Cluster, tmp_path: Path) -> HelmReleases:
    return HelmReleases(HelmLibrary(api.kubeconfig(tmp_path / "config"), "double"), tmp_path / "kept")


@pytest.fixture
def offline(tmp_path: Path) -> HelmReleases:
    return HelmReleases(HelmLibrary(), tmp_path / "kept")


@pytest.fixture
def repository(tmp_path: Path) -> Iterator["Repository"]:
    found = Repository(tmp_path / "repository")
    yield found
    found.close()


class Repository:
    """A repository of charts on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        server = SimpleHTTPRequestHandler
        server.log_message = lambda *_: None  # type: ignore[method-assign]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(server, directory=str(folder)))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def publish(self, chart: str, note: str = "") -> None:
        """Pack a chart of ours and list it; another note makes another archive of the same version."""
        import helm_python

        copy = self.folder / "sources" / chart
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(Path(CHARTS) / chart, copy)
        (copy / "README.md").write_text(note)
        version = helm_python.Chart.load(copy).version
        with tarfile.open(self.folder / f"{chart}-{version}.tgz", "w:gz") as archive:
            archive.add(copy, chart)
        helm_python.repo_index_generate(self.folder, base_url=self.url)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def web(name: str = "one", **values: Any) -> Release:
    return Release(name, HERE, WEB, values)


def code(error: "pytest.ExceptionInfo[PlatinfraError]") -> str:
    return error.value.diagnostics[0].code


def message(error: "pytest.ExceptionInfo[PlatinfraError]") -> str:
    return error.value.diagnostics[0].message


def kinds(objects: list[dict[str, Any]]) -> list[str]:
    return sorted(each["kind"] for each in objects)


@live
def test_a_chart_is_rendered_without_notes_and_tests(offline: HelmReleases) -> None:
    objects = offline.template(web(replicas=3), "1.34.0", ["v1", "v1/Pod"])
    assert kinds(objects) == ["Deployment", "Job", "Secret", "Service"]
    deployment = next(each for each in objects if each["kind"] == "Deployment")
    assert deployment["metadata"]["name"] == "one"
    assert deployment["spec"]["replicas"] == 3
    assert kinds(offline.template(web(hook=False), "1.34.0", [])) == ["Deployment", "Secret", "Service"]


@live
def test_a_chart_sees_what_the_cluster_knows_and_numbers_are_numbers(offline: HelmReleases) -> None:
    release = web(monitor=True, hook=False)
    assert "Monitor" not in kinds(offline.template(release, "1.34.0", ["v1"]))
    known = ["monitoring.example.com/v1", "monitoring.example.com/v1/Monitor"]
    monitor = next(each for each in offline.template(release, "1.34.0", known) if each["kind"] == "Monitor")
    assert monitor["spec"] == {"every": 1000.0}


@live
def test_values_that_a_chart_refuses_are_named(offline: HelmReleases, releases: HelmReleases) -> None:
    for values, key in (({"replicas": "two"}, "`replicas`"), ({"imgae": "x"}, "`imgae`")):
        release = web(**values)
        for action in (partial(offline.template, release, "1.34.0", []), partial(releases.upgrade, release, 9)):
            with pytest.raises(PlatinfraError) as error:
                action()
            assert code(error) == "chart-values-refused"
            assert type(error.value) is PlatinfraError, "nothing was touched"
            assert message(error).startswith(f"the chart `web` 1.2.0 refuses values of `one`: {key}")
    assert releases.status("one", HERE) is None


@live
def test_a_template_that_fails_is_told(offline: HelmReleases) -> None:
    with pytest.raises(PlatinfraError) as error:
        offline.template(web(broken=True), "1.34.0", [])
    assert code(error) == "chart-not-rendered"
    assert "broken is on" in error.value.diagnostics[0].details[-1]


@live
def test_a_cluster_that_is_too_old_for_a_chart_is_told(tmp_path: Path, offline: HelmReleases) -> None:
    with pytest.raises(PlatinfraError) as error:
        offline.template(web(), "1.29.4", [])
    assert code(error) == "cluster-too-old"
    assert message(error) == "the chart `web` 1.2.0 needs Kubernetes >=1.30.0-0, and the cluster has 1.29.4"
    with cluster("1.29.4") as old:
        releases = HelmReleases(HelmLibrary(old.kubeconfig(tmp_path / "old")))
        with pytest.raises(PlatinfraError) as error:
            releases.upgrade(web(), 9)
    assert code(error) == "cluster-too-old"


@live
def test_a_release_comes_changes_goes_back_and_goes(releases: HelmReleases, api: Cluster) -> None:
    assert releases.status("one", HERE) is None
    assert releases.history("one", HERE) == ()
    first = releases.upgrade(web(password="hunter2"), 20)
    assert first == Revision("one", HERE, 1, "deployed", "web-1.2.0")
    assert api.list("Job", HERE) == [], "hooks that succeeded are removed"
    again = releases.upgrade(web(password="hunter2"), 20)
    assert (again.number, again.status) == (2, "deployed")
    releases.upgrade(web(password="hunter2", replicas=3), 20)
    assert replicas(api) == 3
    releases.rollback("one", HERE, 1, 20)
    assert replicas(api) == 1
    assert [(each.number, each.status) for each in releases.history("one", HERE)][-2:] == [
        (3, "superseded"),
        (4, "deployed"),
    ]
    assert releases.status("one", HERE) == Revision("one", HERE, 4, "deployed", "web-1.2.0")
    releases.uninstall("one", HERE)
    assert api.get("Deployment", "one", HERE) is None
    assert api.list("Secret", HERE) == []
    assert releases.status("one", HERE) is None
    releases.uninstall("one", HERE)


def replicas(api: Cluster) -> int:
    found = api.get("Deployment", "one", HERE)
    assert found
    return int(found["spec"]["replicas"])


@pytest.mark.finding("K4")
@live
def test_what_a_chart_makes_anew_each_time_stays_as_it_is(releases: HelmReleases, api: Cluster, tmp_path: Path) -> None:
    release = web(keys=True)
    releases.upgrade(release, 20)
    seen = KubernetesClient("double", api.kubeconfig(tmp_path / "seen"))
    key = api.get("Secret", "one-keys", HERE)

    def drifts() -> list[Drift]:
        rendered = [each | {"metadata": each["metadata"] | {"namespace": HERE}} for each in render(releases, release)]
        return list(of_release("web", release, rendered, seen, releases.field_manager))

    assert key
    assert [Invented("any")] == [
        each["data"]["cookie"] for each in render(releases, release) if "cookie" in each.get("data", {})
    ]
    assert drifts() == []
    releases.upgrade(release, 20)
    assert (api.get("Secret", "one-keys", HERE) or {})["data"] == key["data"]
    api.change("ConfigMap", "one-keys", {"data": {"fixed": "elsewhere"}}, HERE)
    assert [(each.address, each.attribute) for each in drifts()] == [("ConfigMap default/one-keys", "data.fixed")]


def render(releases: HelmReleases, release: Release) -> list[dict[str, Any]]:
    return releases.template(release, "1.34.0", [])


@live
def test_releases_are_found_by_another_process(releases: HelmReleases, tmp_path: Path) -> None:
    releases.upgrade(web(), 20)
    releases.upgrade(Release("two", HERE, OPERATOR, {}), 20)
    assert [each.name for each in releases.list(HERE)] == ["one", "two"]
    assert releases.list("kube-system") == ()
    program = (
        "import sys; from pathlib import Path; from platinfra.drivers.helm_library import HelmLibrary\n"
        "print([each.name for each in HelmLibrary(Path(sys.argv[1])).list('default')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "config"], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout == "['one', 'two']\n"


@live
def test_definitions_of_a_chart_come_with_it(releases: HelmReleases, api: Cluster) -> None:
    releases.upgrade(Release("operator", HERE, OPERATOR, {}), 20)
    assert api.get("CustomResourceDefinition", "monitors.monitoring.example.com")


@live
def test_a_hook_that_fails_fails_the_release(releases: HelmReleases, api: Cluster) -> None:
    api.become("Job", "one-migrate", "failed")
    with pytest.raises(ActionError) as error:
        releases.upgrade(web(password="hunter2"), 5)
    assert code(error) == "helm-failed"
    assert message(error) == "upgrading the release `one` failed"
    assert "hunter2" not in str(error.value.diagnostics)
    found = releases.status("one", HERE)
    assert found
    assert found.status == "failed"
    api.become("Job", "one-migrate", "ready")
    assert releases.upgrade(web(password="hunter2"), 20).status == "deployed"


@live
def test_an_interrupted_release_is_noted_and_can_be_tried_again(releases: HelmReleases, api: Cluster) -> None:
    api.become("Job", "one-migrate", "pending")
    errors: list[PlatinfraError] = []

    def upgrade() -> None:
        try:
            releases.upgrade(web(), 60)
        except PlatinfraError as error:
            errors.append(error)

    thread = threading.Thread(target=upgrade)
    thread.start()
    eventually(lambda: api.get("Job", "one-migrate", HERE))
    releases.interrupt()
    thread.join(20)
    assert [each.diagnostics[0].code for each in errors] == ["interrupted"]
    api.become("Job", "one-migrate", "ready")
    releases.recover("one", HERE)
    assert releases.upgrade(web(), 20).status == "deployed"


@live
@pytest.mark.finding("K2", "K7")
def test_nulls_of_a_chart_are_nothing(releases: HelmReleases, api: Cluster) -> None:
    release = Release("one", HERE, Chart("nulls", CHARTS, "0.1.0"), {})
    secret, monitor = releases.template(release, "1.34.0", [])
    assert secret == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}}
    assert monitor["spec"] == {"sign": "="}
    for _ in range(2):
        assert releases.upgrade(release, 20).status == "deployed"
    found = api.get("Monitor", "one", HERE)
    assert found
    assert found["spec"] == {"sign": "="}


@live
@pytest.mark.finding("K7")
def test_the_stand_in_refuses_applied_nulls_as_the_server_does(releases: HelmReleases) -> None:
    with pytest.raises(ActionError) as error:  # not looked at first, so nobody knows of the nulls
        releases.upgrade(Release("one", HERE, Chart("nulls", CHARTS, "0.1.0"), {}), 20)
    assert 'spec.every: Invalid value: "null"' in error.value.diagnostics[0].details[0]


def test_the_program_is_told_of_nulls_from_version_4_on(fake: Path) -> None:
    release, path = Release("one", HERE, Chart("nulls", CHARTS, "0.1.0"), {}), Path("/charts/nulls")
    program = HelmProgram(str(fake / "helm"))
    for version, told in (("v3.19.0", False), ("v4.0.1", True)):
        (fake / "version").write_text(version)
        program.upgrade(path, release, 9, on_server=False)
        assert ("--server-side=false" in (fake / "arguments").read_text().split()) == told


@absent
@pytest.mark.finding("K3")
def test_what_helm_logs_does_not_reach_the_terminal(tmp_path: Path) -> None:
    shutil.copytree(Path(CHARTS) / "operator", tmp_path / "operator")
    shutil.copytree(Path(CHARTS) / "nulls", tmp_path / "operator" / "charts" / "nulls")
    with (tmp_path / "operator" / "Chart.yaml").open("a") as file:
        file.write("dependencies: [{name: nulls, version: 0.1.0, condition: nulls.enabled}]\n")
    program = (
        "import sys; from platinfra.drivers import helm; from platinfra.model.cluster import Chart, Release\n"
        "release = Release('one', 'ml', Chart('operator', sys.argv[1], '0.3.0'), {'nulls': {'enabled': 'no'}})\n"
        "print(len(helm.find().template(release, '1.34.0', [])))\n"
        "print('said', file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stderr == "said\n"


def pend(api: Cluster, releases: HelmReleases) -> None:
    """Make the newest revision look as if whoever made it had died."""
    import base64
    import gzip

    number = releases.history("one", HERE)[-1].number
    name = f"sh.helm.release.v1.one.v{number}"
    secret = api.get("Secret", name, HERE)
    assert secret
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    content = json.loads(gzip.decompress(packed))
    content["info"]["status"] = "pending-upgrade" if number > 1 else "pending-install"
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode())))
    labels = {**secret["metadata"]["labels"], "status": content["info"]["status"]}
    api.change("Secret", name, {"data": {"release": packed.decode()}, "metadata": {"labels": labels}}, HERE)


@live
def test_what_died_in_the_middle_is_told_and_recovered(releases: HelmReleases, api: Cluster) -> None:
    assert releases.recover("one", HERE) is None
    releases.upgrade(web(replicas=2), 20)
    assert releases.recover("one", HERE) == releases.status("one", HERE)
    releases.upgrade(web(replicas=5), 20)
    pend(api, releases)
    with pytest.raises(ActionError) as error:
        releases.upgrade(web(replicas=5), 20)
    assert code(error) == "release-pending"
    found = releases.recover("one", HERE)
    assert found
    assert (found.number, found.status) == (3, "deployed")
    assert replicas(api) == 2


@live
def test_a_first_release_that_died_is_removed(releases: HelmReleases, api: Cluster) -> None:
    releases.upgrade(web(), 20)
    pend(api, releases)
    assert releases.recover("one", HERE) is None
    assert api.get("Deployment", "one", HERE) is None
    assert releases.upgrade(web(), 20).number == 1


@live
def test_a_missing_namespace_and_a_missing_cluster_are_told(releases: HelmReleases, tmp_path: Path) -> None:
    with pytest.raises(ActionError) as error:
        releases.upgrade(Release("one", "nowhere", WEB, {}), 9)
    assert code(error) == "helm-failed"
    assert 'namespaces "nowhere" not found' in error.value.diagnostics[0].details[-1]
    gone = HelmReleases(HelmLibrary(tmp_path / "config", "elsewhere"))
    with pytest.raises(ActionError) as error:
        gone.status("one", HERE)
    assert code(error) == "cluster-unreachable"
    assert "127.0.0.1:9" in message(error)


@live
def test_a_chart_is_fetched_once_and_never_changes(
    offline: HelmReleases, repository: Repository, tmp_path: Path
) -> None:
    repository.publish("web")
    chart = Chart("web", repository.url, "1.2.0")
    path = offline.fetch(chart)
    assert path.name == "web-1.2.0.tgz"
    assert offline.values_of(chart)["image"] == "example/web:3.4"
    assert kinds(offline.template(Release("one", HERE, chart, {"hook": False}), "1.34.0", [])) == [
        "Deployment",
        "Secret",
        "Service",
    ]
    repository.publish("web", note="other")
    assert offline.fetch(chart) == path, "what is kept is not fetched again"
    path.unlink()
    with pytest.raises(PlatinfraError) as error:
        offline.fetch(chart)
    assert code(error) == "chart-changed"
    assert not path.exists()


@live
def test_a_damaged_chart_is_fetched_again(offline: HelmReleases, repository: Repository) -> None:
    repository.publish("web")
    chart = Chart("web", repository.url, "1.2.0")
    path = offline.fetch(chart)
    content = path.read_bytes()
    path.write_bytes(content[:100])
    assert offline.fetch(chart).read_bytes() == content


@live
def test_what_cannot_be_fetched_is_told_apart(offline: HelmReleases, repository: Repository, tmp_path: Path) -> None:
    repository.publish("web")
    expected = {
        Chart("web", repository.url, "9.9.9"): "chart-version-missing",
        Chart("other", repository.url, "1.2.0"): "chart-version-missing",
        Chart("web", CHARTS, "9.9.9"): "chart-version-missing",
        Chart("other", CHARTS, "1.2.0"): "chart-version-missing",
        Chart("web", str(tmp_path / "none"), "1.2.0"): "chart-unreachable",
        Chart("web", "http://127.0.0.1:9", "1.2.0"): "chart-unreachable",
        Chart("web", "oci://127.0.0.1:9/charts", "1.2.0"): "chart-unreachable",
    }
    for chart, slug in expected.items():
        with pytest.raises(PlatinfraError) as error:
            offline.fetch(chart)
        assert (chart, code(error)) == (chart, slug)
        assert type(error.value) is PlatinfraError


FAKE = """#!/bin/sh
# A test double: it notes what it is given and answers what was prepared for its first argument.
printf '%s\\n' "$@" >> "$(dirname "$0")/arguments"
case "$1" in
  version) cat "$(dirname "$0")/version" ;;
  upgrade|template) cat > "$(dirname "$0")/stdin" ;;
esac
if [ -e "$(dirname "$0")/$1.err" ]; then cat "$(dirname "$0")/$1.err" >&2; exit 1; fi
if [ -e "$(dirname "$0")/$1.out" ]; then cat "$(dirname "$0")/$1.out"; fi
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a test double of `helm` on PATH; return its folder, where its answers lie and its notes are written."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "helm").write_text(FAKE)
    (folder / "helm").chmod(stat.S_IRWXU)
    (folder / "version").write_text("v3.19.2")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv(helm.OVERRIDE, raising=False)
    return folder


def test_the_program_gets_values_as_json_by_standard_input(fake: Path) -> None:
    (fake / "history.out").write_text('[{"revision": 1, "status": "deployed", "chart": "web-1.2.0"}]')
    found = helm.find(Path("/some/config"), "prod")
    assert isinstance(found, HelmReleases)
    assert isinstance(found.engine, HelmProgram)
    values = {"password": "hunter2", "word": "y", "size": "1e3"}
    assert found.upgrade(Release("one", "ml", WEB, values), 60) == Revision("one", "ml", 1, "deployed", "web-1.2.0")
    assert json.loads((fake / "stdin").read_text()) == values
    arguments = (fake / "arguments").read_text()
    assert "hunter2" not in arguments
    assert "--kubeconfig\n/some/config\n--kube-context\nprod\n" in arguments
    assert "\n60s\n" in arguments


def test_command_lines_hold_no_values(fake: Path) -> None:
    program, release, path = HelmProgram(str(fake / "helm")), web(password="hunter2"), Path("/charts/web.tgz")

    def told() -> list[str]:
        found = (fake / "arguments").read_text().split()
        (fake / "arguments").unlink()
        return found

    program.upgrade(path, release, 300, on_server=True)
    assert told() == [
        *("upgrade", "one", "/charts/web.tgz", "--install", "--values", "-", "--history-max", "10"),
        *("--namespace", "default", "--timeout", "300s"),
    ]
    program.render(path, release, "1.34.0", ["v1", "v1/Pod"])
    assert told() == [
        *("template", "one", "/charts/web.tgz", "--namespace", "default", "--values", "-"),
        *("--kube-version", "1.34.0", "--api-versions", "v1", "--api-versions", "v1/Pod"),
    ]
    program.pull(Chart("web", "oci://example.com/charts/", "1.0.0"), Path("/kept"))
    assert told() == ["pull", "oci://example.com/charts/web", "--version", "1.0.0", "--destination", "/kept"]
    program.pull(Chart("web", "https://example.com", "1.0.0"), Path("/kept"))
    assert told() == [*("pull", "web", "--repo", "https://example.com", "--version", "1.0.0", "--destination", "/kept")]


def test_the_outputs_of_the_program_are_read(fake: Path) -> None:
    newest = {"updated": "2026-01-02T00:00:00Z", "status": "deployed", "chart": "web-1.2.0"}
    oldest = {"revision": 1, "updated": "2026-01-01T00:00:00Z", "status": "superseded", "chart": "web-1.1.0"}
    (fake / "history.out").write_text(json.dumps([{**newest, "revision": 2}, oldest]))
    program = HelmProgram(str(fake / "helm"))
    assert program.history("one", "ml") == (
        Revision("one", "ml", 1, "superseded", "web-1.1.0"),
        Revision("one", "ml", 2, "deployed", "web-1.2.0"),
    )
    (fake / "list.out").write_text(json.dumps([{**newest, "name": "one", "namespace": "ml", "revision": "2"}]))
    assert program.list("ml") == (Revision("one", "ml", 2, "deployed", "web-1.2.0"),)
    (fake / "list.out").write_text("")
    assert program.list("ml") == ()


def test_the_program_renders(fake: Path) -> None:
    (fake / "template.out").write_text("---\napiVersion: v1\nkind: Service\nmetadata: {name: one}\n---\n")
    assert kinds(helm.find().template(web(), "1.34.0", ["v1"])) == ["Service"]
    assert "--kube-version\n1.34.0\n--api-versions\nv1\n" in (fake / "arguments").read_text()


def runs_of_helm(folder: Path) -> int:
    """Return how often the test double rendered something since this was asked last."""
    note = folder / "arguments"
    found = note.read_text().split().count("template") if note.exists() else 0
    note.unlink(missing_ok=True)
    return found


@pytest.mark.parametrize(("chart", "runs"), [(OPERATOR, 1), (WEB, 2)], ids=["that is settled", "that invents"])
def test_a_chart_is_rendered_once_for_a_command(fake: Path, chart: Chart, runs: int) -> None:
    (fake / "template.out").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: one}\n")
    release = Release("one", HERE, chart, {"size": 1})
    first = helm.find().template(release, "1.34.0", ["v1"])
    assert runs_of_helm(fake) == runs
    assert helm.find(Path("/some/config"), "prod").template(release, "1.34.0", ["v1"]) == first
    assert runs_of_helm(fake) == 0
    for other in (replace(release, values={"size": 2}), replace(release, name="two"), replace(release, namespace="ml")):
        helm.find().template(other, "1.34.0", ["v1"])
        assert runs_of_helm(fake) == runs
    for version, known in (("1.35.0", ["v1"]), ("1.34.0", ["v1", "v1/Pod"])):
        helm.find().template(release, version, known)
        assert runs_of_helm(fake) == runs


def test_a_chart_that_changed_is_rendered_again(fake: Path, tmp_path: Path) -> None:
    (fake / "template.out").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: one}\n")
    copy = tmp_path / "charts" / "operator"
    shutil.copytree(Path(CHARTS) / "operator", copy)
    release = Release("one", HERE, Chart("operator", str(copy.parent), "0.3.0"), {})
    for text in ("one", "one", "two"):
        (copy / "templates" / "more.yaml").write_text(f"# {text}\n")
        helm.find().template(release, "1.34.0", [])
    assert runs_of_helm(fake) == 2


def test_nulls_of_a_chart_are_known_whoever_rendered_it(fake: Path) -> None:
    nulls = Release("one", HERE, Chart("nulls", CHARTS, "0.1.0"), {})
    text = "apiVersion: monitoring.example.com/v1\nkind: Monitor\nmetadata: {name: one}\nspec: {every: null}\n"
    (fake / "template.out").write_text(text)
    (fake / "history.out").write_text('[{"revision": 1, "status": "deployed", "chart": "nulls-0.1.0"}]')
    (fake / "version").write_text("v4.0.0")
    helm.find().template(nulls, "1.34.0", [])
    again = helm.find()
    again.template(nulls, "1.34.0", [])
    again.upgrade(nulls, 9)
    assert "--server-side=false" in (fake / "arguments").read_text()


def test_failures_of_the_program_are_diagnostics(fake: Path) -> None:
    found = helm.find()
    (fake / "history.err").write_text("Error: release: not found\n")
    assert found.status("one", "ml") is None
    (fake / "history.err").write_text('Error: Kubernetes cluster unreachable: Get "https://10.0.0.1/version": EOF\n')
    with pytest.raises(ActionError) as error:
        found.status("one", "ml")
    assert code(error) == "cluster-unreachable"
    (fake / "upgrade.err").write_text(
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress\n"
    )
    with pytest.raises(ActionError) as error:
        found.upgrade(web(), 9)
    assert code(error) == "release-pending"
    (fake / "pull.err").write_text('Error: chart "web" version "9" not found in https://example.com repository\n')
    with pytest.raises(PlatinfraError) as error:
        found.fetch(Chart("web", "https://example.com", "9"))
    assert code(error) == "chart-version-missing"


def test_no_secret_value_stands_in_what_is_told(fake: Path) -> None:
    text = "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n"
    (fake / "upgrade.err").write_text(f"{text}- at '/password': 'hunter2' does not match pattern '^x'\n")
    (fake / "template.err").write_text("Error: parse error in password: hunter2\n")
    for action in (
        partial(helm.find().upgrade, web(password="hunter2"), 9),
        partial(helm.find().template, web(password="hunter2"), "1.34.0", []),
    ):
        with pytest.raises(PlatinfraError) as error:
            action()
        assert "password" in str(error.value.diagnostics)
        assert "hunter2" not in str(error.value.diagnostics)


def test_an_old_program_gives_way_to_the_library_or_is_told(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (fake / "version").write_text("v3.18.9")
    monkeypatch.setattr(helm, "LIBRARY", "no_such_library")
    with pytest.raises(PlatinfraError) as error:
        helm.find()
    assert code(error) == "helm-too-old"
    assert "is v3.18.9, and platinfra needs 3.19" in message(error)
    monkeypatch.setattr(helm, "LIBRARY", "json")
    found = helm.find()
    assert isinstance(found, HelmReleases)
    assert isinstance(found.engine, HelmLibrary)


def test_no_helm_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(helm, "LIBRARY", "no_such_library")
    with pytest.raises(PlatinfraError) as error:
        helm.find()
    assert code(error) == "helm-missing"


TRICKY = (
    "a: y\nb: 'y'\nc: 1e3\nd: 0o17\ne: 017\nf: 08\ng: 1:30\nh: 2026-01-01\ni: =\nj: ~\nk:\nl: 0x1f\nm: off\n"
    "n: 1.5\no: v1\np: 1_000\nq: .5\nr: 0b11\ns: +1\n1: one\nt: 1e3x\nu: -0x1f\nv: &v {w: 1}\nx: {<<: *v}\n"
)


def test_yaml_is_read_as_go_reads_it() -> None:
    found = next(helm_objects.documents(TRICKY))
    assert found == {
        "a": True,
        "b": "y",
        "c": 1000,
        "d": 15,
        "e": 15,
        "f": 8,
        "g": "1:30",
        "h": "2026-01-01",
        "i": "=",
        "j": None,
        "k": None,
        "l": 31,
        "m": False,
        "false": 1.5,
        "o": "v1",
        "p": 1000,
        "q": 0.5,
        "r": 3,
        "s": 1,
        "1": "one",
        "t": "1e3x",
        "u": -31,
        "v": {"w": 1},
        "x": {"w": 1},
    }


@live
def test_yaml_is_read_as_helm_reads_it() -> None:
    import helm_python

    assert helm_python.values_from_yaml(TRICKY) == next(helm_objects.documents(TRICKY))


def test_lists_are_taken_apart_and_tests_left_out() -> None:
    text = (
        "kind: List\nitems:\n- {kind: A, metadata: {name: a}}\n- {kind: B, metadata: {name: b}}\n---\n# nothing\n---# more\n"
        "kind: C\nmetadata: {annotations: {helm.sh/hook: 'pre-install, test'}}\n---\n"
        "kind: D\nmetadata: {annotations: {helm.sh/hook: test-success}}\n"
    )
    assert [each["kind"] for each in helm_objects.objects(text)] == ["A", "B", "C"]
    with pytest.raises(PlatinfraError) as error:
        helm_objects.parse_objects("web", ["a: [1"])
    assert code(error) == "chart-not-rendered"


def test_a_schema_that_leads_elsewhere_is_no_fault_of_the_values() -> None:
    text = (
        "values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n"
        'failing loading "https://example.com/definitions.json": HTTP request failed'
    )
    error = helm_problems.not_rendered(web(), text)
    assert error.diagnostics[0].code == "chart-unreachable"


def test_secret_values_are_taken_out_of_errors() -> None:
    values = {"auth": {"adminPassword": "hunter2"}, "existingSecret": "web-secret", "keys": [{"token": "abcd1234"}]}
    text = "'hunter2' and 'abcd1234' do not match; web-secret is missing"
    assert helm_problems.redact(text, values) == "'***' and '***' do not match; web-secret is missing"


@pytest.mark.finding("K8")
@pytest.mark.parametrize("packed", [False, True])
def test_definitions_lie_in_folders_and_archives(tmp_path: Path, *, packed: bool) -> None:
    shutil.copytree(Path(CHARTS) / "nulls", tmp_path / "outer")
    shutil.copytree(Path(CHARTS) / "operator", tmp_path / "outer" / "charts" / "inner")
    path = tmp_path / "outer"
    if packed:
        path = tmp_path / "outer.tgz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(tmp_path / "outer", "outer")
    assert [each["metadata"]["name"] for each in helm_charts.definitions(path)] == [
        "monitors.monitoring.example.com",
        "monitors.monitoring.example.com",
    ]
    assert {"Chart.yaml", "crds/monitors.yaml", "charts/inner/Chart.yaml"} <= helm_charts.files(path).keys()


def test_who_writes_to_stderr_while_the_log_is_kept_out_may_go_on(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", os.fdopen(2, "w", closefd=False))
    with helm_library._silence:
        held = sys.stderr
        os.write(2, b"of the library\n")
    held.write("of a thread that was in the middle\n")
    held.flush()
    said = capfd.readouterr().err
    assert "of a thread" in said
    assert "of the library" not in said
