"""The script that installs a rendered folder on an empty cluster: in the order of the stack, and waiting as `up` does."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.model.cluster import ObjectRef, ref_of

Object = Mapping[str, Any]
SECRETS = "secrets.yaml"
APPLY = "apply"
"""A function of the script: applies a file."""
_CONDITIONS = {
    "Job": "Complete",
    "Cluster": "Ready",
    "InferenceService": "Ready",
    "Prometheus": "Available",
    "Alertmanager": "Available",
    "RayCluster": "RayClusterProvisioned",
}
"""Kind to the condition that says that an object is ready."""
_ROLLED_OUT = frozenset({"Deployment", "DaemonSet"})
_HEAD = """\
#!/bin/sh
# Installs the stack in order, also on an empty cluster; `platinfra up` does the same, and rolls back what failed.
set -eu
cd "$(dirname "$0")"

# Tries again for two minutes: new kinds and webhooks take a moment until the API server knows them.
apply() {
  tries=1
  until kubectl apply --server-side --field-manager=platinfra --filename "$1"; do
    [ "$tries" -lt 20 ] || exit 1
    tries=$((tries + 1))
    sleep 6
  done
}
"""


def script(commands: Sequence[str]) -> str:
    """Return the script that runs some commands."""
    return "\n".join([_HEAD, *commands]) + "\n"


def apply_file(name: str) -> str:
    """Return the command that applies a file of the folder."""
    return f"{APPLY} {shlex.quote(name)}"


def wait_for_kinds(definitions: Sequence[Object]) -> str:
    """Return the command that waits until the API server knows the kinds of definitions."""
    names = " ".join(each["metadata"]["name"] for each in definitions)
    return (
        f"kubectl wait --for=condition=Established --timeout=2m customresourcedefinitions.apiextensions.k8s.io {names}"
    )


def wait_for(objects: Sequence[Object]) -> Iterator[str]:
    """Yield the commands that wait until objects are ready, as far as their kinds tell it."""
    for each in objects:
        if asked := _question(each):
            ref = ref_of(each)
            yield f"kubectl {asked} --namespace {ref.namespace} --timeout=15m {_name(ref)}"


def _question(each: Object) -> str:
    """Return what kubectl is asked of an object; an empty text when its kind does not tell whether it is ready."""
    replicas = each.get("spec", {}).get("replicas", 1)
    if each["kind"] in _ROLLED_OUT:
        return "rollout status"
    if each["kind"] == "StatefulSet":  # `rollout status` refuses some of their strategies
        return f"wait --for=jsonpath='{{.status.readyReplicas}}'={replicas}" if replicas else ""
    condition = _CONDITIONS.get(each["kind"])
    return f"wait --for=condition={condition}" if condition else ""


def ask_for_secrets(namespace: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the commands that apply people's own file of Secrets, and stop where one of those that are needed is missing."""
    yield f"[ ! -f {SECRETS} ] || {APPLY} {SECRETS}"
    for each in names:
        hint = f"echo 'platinfra.json lists the Secrets that have to be there first, for example in {SECRETS}' >&2"
        yield f"kubectl get secret --namespace {namespace} {each} >/dev/null || {{ {hint}; exit 1; }}"


def _name(ref: ObjectRef) -> str:
    """Return how kubectl calls an object without doubt: `deployment.v1.apps/mlflow`."""
    group, _, version = ref.api_version.rpartition("/")
    return f"{ref.kind.lower()}.{version}.{group}/{ref.name}" if group else f"{ref.kind.lower()}/{ref.name}"
