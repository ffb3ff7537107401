"""An EKS cluster: where its API is, and how kubectl and Helm get in as whoever the AWS credentials belong to."""

import json
import sys
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.aws_account import Account, ask
from platinfra.drivers.files import LocalFiles

_TOKEN = Path(__file__).with_name("eks_token.py")


def cluster(account: Account, name: str) -> dict[str, Any] | None:
    """Return what EKS tells of a cluster; None when it does not exist. Raises ActionError when it may not be asked."""
    found: dict[str, Any] | None = ask(
        lambda: account.client("eks").describe_cluster(name=name)["cluster"], "ResourceNotFoundException"
    )
    return found


def write_kubeconfig(path: Path, found: dict[str, Any], region: str, domain: str) -> None:
    """Write how to reach a cluster; there is no secret in it: each command asks for a token of its own."""
    name = found["name"]
    if found.get("status") not in {"ACTIVE", "UPDATING"}:
        message = f"the cluster `{name}` is {str(found.get('status', 'not ready')).lower()}"
        raise ActionError(Diagnostic("cluster-unreachable", message, hint="wait until EKS calls it active"))
    authority = found.get("certificateAuthority", {}).get("data")
    reached = {"server": found["endpoint"], **({"certificate-authority-data": authority} if authority else {})}
    asked = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-I", str(_TOKEN), name, region, domain],
        "interactiveMode": "Never",
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": reached}],
        "users": [{"name": name, "user": {"exec": asked}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path.parent.mkdir(mode=0o700, exist_ok=True)
    LocalFiles().write(path, json.dumps(config, indent=1))
