"""What `render` writes is installed as it is written, on an empty cluster; kubectl is real, the API server a stand-in."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import EVERYTHING, MODELS, ROUTED, TRACKING, bundle
from tests.targets.kubernetes.test_lifecycle import FIXTURES, NAMESPACE, Stack, named, stack
from tests.targets.kubernetes.test_render import CHARTS, documents

from platinfra.drivers import helm_charts
from platinfra.targets.kubernetes.render import Material, folder

__all__ = ["stack"]
LAG = 2.0
"""Seconds until the API server serves a new kind."""


def install(stack: Stack, out: Path) -> "subprocess.CompletedProcess[str]":
    """Run the script of a rendered folder."""
    programs = stack.folder / "programs"
    programs.mkdir(exist_ok=True)
    if not (programs / "kubectl").exists():
        (programs / "kubectl").symlink_to(KUBECTL or "kubectl")
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "KUBECONFIG": str(stack.kubeconfig), "HOME": str(stack.folder)}
    return subprocess.run(["sh", out / "install.sh"], env=env, capture_output=True, text=True, timeout=250, check=False)


@pytest.mark.live
@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")
@pytest.mark.timeout(300)
@pytest.mark.finding("K8")
def test_plain_manifests_install_on_an_empty_cluster(stack: Stack) -> None:
    stack.api.lag(LAG)
    out = stack.folder / "out"
    stack.run("render", "--format", "manifests", "--out", "out")
    ended = install(stack, out)
    assert (ended.returncode, "platinfra.json lists the Secrets" in ended.stderr) == (1, True)
    needed = json.loads((out / "platinfra.json").read_text())["secrets"]
    secrets = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "stringData": dict.fromkeys(keys, "x"),
        }
        for name, keys in needed.items()
    ]
    (out / "secrets.yaml").write_text("\n---\n".join(map(json.dumps, secrets)))
    for _ in range(2):
        ended = install(stack, out)
        assert ended.returncode == 0, ended.stderr
    wanted = documents({each.name: each.read_text() for each in out.glob("*.yaml")})
    assert len(wanted) > 40
    for each in wanted:
        meta = each["metadata"]
        assert stack.api.get(each["kind"], meta["name"], meta.get("namespace", "")), each["kind"]
    assert "/cnpg-system" in named(stack, "Namespace")


@pytest.mark.finding("K8")
def test_hooks_of_other_moments_are_no_part_of_an_installation() -> None:
    made = bundle(TRACKING)
    hooks = {
        "early": "pre-install,pre-upgrade",
        "late": "post-install",
        "never": "pre-delete",
        "upgrade": "pre-upgrade",
    }
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": {"helm.sh/hook": hook}}}
        for name, hook in hooks.items()
    ]
    plain = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain"}}
    files = folder(made, "manifests", Material({"release:mlflow": [plain, *reversed(objects)]}))
    (name,) = (each for each in files if each.endswith("-release-mlflow.yaml"))
    assert [each["metadata"]["name"] for each in documents({name: files[name]})] == ["early", "plain", "late"]


@pytest.mark.finding("K8")
@pytest.mark.parametrize(
    "text", [TRACKING, EVERYTHING, MODELS, ROUTED], ids=["tracking", "everything", "models", "routed"]
)
def test_a_kind_is_there_a_wave_before_its_objects(text: str) -> None:
    made = bundle(text)
    waves = {kind: step.wave for step in made.steps if step.release for kind in step.release.kinds}
    found = [(each, step) for step in made.steps for each in step.objects]
    custom = [(each, step.wave, waves.get(f"{each['apiVersion']}/{each['kind']}")) for each, step in found]
    assert all(wave > brought for _, wave, brought in custom if brought is not None)
    argo = {(each["kind"], each["metadata"]["name"]): each for each in documents(folder(made, "argocd"))}
    for each, wave, brought in custom:
        if each["kind"] == "Secret":
            continue
        notes = argo[each["kind"], each["metadata"]["name"]]["metadata"]["annotations"]
        assert notes["argocd.argoproj.io/sync-wave"] == str(wave)
        assert ("argocd.argoproj.io/sync-options" in notes) == (brought is not None)


@pytest.mark.finding("K12")
@pytest.mark.parametrize("kind", ["helm", "manifests", "flux"])
def test_charts_of_this_machine_lie_in_the_folder(kind: str, platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING + CHARTS)
    assert platinfra("render", "--format", kind, "--out", "out").code == 0
    files = {
        each.relative_to(tmp_path / "out").as_posix(): each for each in (tmp_path / "out").rglob("*") if each.is_file()
    }
    assert not [name for name, each in files.items() if str(FIXTURES) in each.read_text()]
    vendored = {name for name in files if name.startswith("charts/")}
    assert vendored <= set(json.loads(files["platinfra.json"].read_text())["files"])
    chart = {f"charts/mlflow-1.11.5/{name}" for name in helm_charts.files(FIXTURES / "mlflow")}
    assert (chart <= vendored) == (kind != "manifests")
    text = "\n".join(each.read_text() for name, each in files.items() if name not in vendored)
    assert ("./charts/mlflow-1.11.5" in text) == (kind != "manifests")


@pytest.mark.finding("K12")
def test_argo_cd_is_refused_charts_of_this_machine(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING + CHARTS)
    ended = platinfra("render", "--format", "argocd", "--out", "out")
    assert (ended.code, "Argo CD cannot fetch the chart" in ended.err) == (2, True)
    assert not (tmp_path / "out").exists()
