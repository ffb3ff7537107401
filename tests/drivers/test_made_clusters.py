"""Clusters on this machine; a stand-in for each program notes what it is asked, and keeps a list of clusters."""

import json
import sys
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.drivers.made_clusters import PROGRAMS, MadeCluster

STAND_IN = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
clusters, words = folder / "clusters.json", sys.argv[1:]
names = json.loads(clusters.read_text()) if clusters.exists() else []
with (folder / "asked").open("a") as asked:
    asked.write(" ".join(words) + "\\n")
if (folder / "broken").exists() and "delete" not in words:
    sys.exit("the engine does not answer")
if words[0] in ("create", "start") or words[:2] == ["cluster", "create"]:
    names.append("platinfra-churn")
elif "delete" in words:
    names = [each for each in names if each != "platinfra-churn"]
elif "list" in words or words[:2] == ["get", "clusters"]:
    print(json.dumps({{"valid": [{{"Name": each}} for each in names]}}) if "json" in words else "\\n".join(names))
elif "kubeconfig" in words or "update-context" in words:
    pathlib.Path(os.environ["KUBECONFIG"]).write_text("a kubeconfig")
clusters.write_text(json.dumps(names))
"""


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "program"
    path.write_text(STAND_IN.format(python=sys.executable, folder=str(tmp_path)))
    path.chmod(0o755)
    monkeypatch.setenv(f"PLATINFRA_{request.param.upper()}", str(path))
    return str(request.param)


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines()


def test_a_cluster_is_made_once_and_deleted(program: str, tmp_path: Path) -> None:
    made = MadeCluster(program, "platinfra-churn", tmp_path / "kubeconfig")
    assert not made.exists()
    made.create()
    assert made.exists()
    made.write_kubeconfig()
    assert (tmp_path / "kubeconfig").stat().st_mode & 0o077 == 0
    made.load("example.org/evidently:1")
    assert any("example.org/evidently:1" in line and "platinfra-churn" in line for line in asked(tmp_path))
    made.delete()
    assert not made.exists()


def test_a_cluster_whose_name_only_begins_alike_is_another(program: str, tmp_path: Path) -> None:
    (tmp_path / "clusters.json").write_text(json.dumps(["platinfra-churn-2"]))
    assert not MadeCluster(program, "platinfra-churn", tmp_path / "kubeconfig").exists()


def test_what_was_half_made_is_deleted_and_the_program_is_heard(program: str, tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(ActionError) as caught:
        MadeCluster(program, "platinfra-churn", tmp_path / "kubeconfig").create()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "cluster-not-made"
    assert diagnostic.details == ("the engine does not answer",)
    assert "delete" in asked(tmp_path)[-1]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_is_not_there_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PLATINFRA_{name.upper()}", "/nowhere/at/all")
    with pytest.raises(PlatinfraError, match=f"no program `{name}` found"):
        MadeCluster(name, "platinfra-churn", tmp_path / "kubeconfig")
