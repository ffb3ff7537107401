"""How kubectl and Helm get into an EKS cluster."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers import eks

KEYS = {"AWS_ACCESS_KEY_ID": "AKIATESTING", "AWS_SECRET_ACCESS_KEY": "NeverShown"}
FOUND = {
    "name": "churn",
    "status": "ACTIVE",
    "endpoint": "https://x.eks.example.org",
    "certificateAuthority": {"data": "eA=="},
}


def written(folder: Path) -> dict:
    eks.write_kubeconfig(folder / "in" / "kubeconfig", FOUND, "eu-central-1", "amazonaws.com")
    return json.loads((folder / "in" / "kubeconfig").read_text())


def test_the_kubeconfig_holds_no_secret_and_belongs_to_its_owner(tmp_path: Path) -> None:
    config = written(tmp_path)
    assert config["clusters"][0]["cluster"]["server"] == "https://x.eks.example.org"
    assert set(config["users"][0]["user"]) == {"exec"}
    assert (tmp_path / "in" / "kubeconfig").stat().st_mode & 0o077 == 0


def test_the_command_in_it_prints_a_token_for_that_cluster(tmp_path: Path) -> None:
    asked = written(tmp_path)["users"][0]["user"]["exec"]
    done = subprocess.run(
        [asked["command"], *asked["args"]], env=KEYS, capture_output=True, text=True, timeout=60, check=True
    )
    printed = json.loads(done.stdout)
    assert printed["apiVersion"] == asked["apiVersion"]
    kind, _, token = printed["status"]["token"].partition(".")
    assert kind == "k8s-aws-v1"
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    query = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert url.hostname == "sts.eu-central-1.amazonaws.com"
    assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    assert query["X-Amz-Credential"].startswith("AKIATESTING/")
    assert "NeverShown" not in done.stdout


def test_without_credentials_the_command_says_so() -> None:
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"}
    command = [sys.executable, "-I", eks.__file__.replace("eks.py", "eks_token.py"), "churn", "eu-central-1", "x.org"]
    done = subprocess.run(command, env=nobody, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "no AWS credentials found" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cluster_that_is_not_ready_is_not_written_down(tmp_path: Path) -> None:
    with pytest.raises(ActionError, match="`churn` is creating"):
        eks.write_kubeconfig(tmp_path / "kubeconfig", {**FOUND, "status": "CREATING"}, "eu-central-1", "x.org")
    assert not (tmp_path / "kubeconfig").exists()
