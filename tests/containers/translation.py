"""Our own manifests as Podman 4.3 takes them: what it does not know is said in the one way that it does, and noted."""

import base64
import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from platinfra.model.reference import Secret
from platinfra.targets.kubernetes.actions import reveal_all
from platinfra.targets.kubernetes.bundle import Bundle

Object = dict[str, Any]
_PODS = {"Deployment", "StatefulSet", "Job", "CronJob"}


@dataclass(frozen=True)
class Pod:
    """One workload of ours: what is played, and what goes before it."""

    name: str
    """What the Service and the first container's pod are called."""
    documents: list[Object]
    claims: dict[str, Object]
    """Volume to the claim that makes it; they are left out once they are there."""
    hidden: dict[str, str] = field(repr=False)
    """Podman's own secrets, for variables."""
    names: tuple[str, ...] = ()
    """All the names of its Service."""
    deviations: tuple[str, ...] = ()

    @property
    def described(self) -> Object:
        """Return the pod's spec as it is played."""
        return dict(self.documents[-1]["spec"])

    @property
    def passing(self) -> list[str]:
        """Return Podman's volumes that go with the pod: folders, and what holds files."""
        folders = [each["name"] for each in self.described["volumes"] if "emptyDir" in each]
        return [*folders, *(each["metadata"]["name"] for each in self.documents[:-1])]

    @property
    def container(self) -> str:
        """Return what Podman calls the container."""
        return f"{self.name}-{self.described['containers'][0]['name']}"


def pods(bundle: Bundle, fetch: Callable[[Secret], str]) -> dict[str, Pod]:
    """Return every workload of a bundle by its name, with its secrets."""
    objects = [reveal_all(each, fetch) for each in bundle.objects]
    services = {each["metadata"]["name"] for each in objects if each["kind"] == "Service"}
    return {
        each["metadata"]["name"]: _pod(each, objects, bundle.place.namespace, services)
        for each in objects
        if each["kind"] in _PODS
    }


def left_alone(bundle: Bundle) -> dict[str, int]:
    """Return the kinds that Podman does not know, with how many there are."""
    found: dict[str, int] = defaultdict(int)
    for each in bundle.objects:
        if each["kind"] not in {*_PODS, "ConfigMap", "Secret"}:
            found[each["kind"]] += 1
    return dict(found)


def _pod(workload: Object, objects: list[Object], namespace: str, services: set[str]) -> Pod:
    kind, name = workload["kind"], workload["metadata"]["name"]
    spec = workload["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else workload["spec"]
    template = copy.deepcopy(spec["template"])
    noted = [f"a {kind} is played as the pod of its template"]
    claims = {}
    for claim in spec.get("volumeClaimTemplates", []):
        wanted = f"{claim['metadata']['name']}-{name}-0"
        claims[wanted] = _claim(wanted, claim, template["spec"]["securityContext"])
        template["spec"]["volumes"].append(
            {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": wanted}}
        )
        noted.append("volumeClaimTemplates are claims of their own, owned by the user that fsGroup names")
    noted += _without_part_mounts(template["spec"])
    noted += _with_own_folders(template["spec"], name)
    noted += _with_stated_secrets(template["spec"])
    if any("httpGet" in each.get("startupProbe", {}) for each in template["spec"]["containers"]):
        noted.append("probes are not asked by Podman, without systemd: a neighbour asks instead")
    read = set(_mounted(template["spec"]))
    files = [each for each in objects if each["kind"] in {"ConfigMap", "Secret"} and each["metadata"]["name"] in read]
    hidden = {each["metadata"]["name"]: _as_podman_reads(each) for each in objects if each["kind"] == "Secret"}
    if wanted_env := {key: hidden[key] for key in _secrets_of_variables(template["spec"]) if key in hidden}:
        noted.append("Secrets of variables are Podman's own: it cannot read those that it makes from manifests")
    # A name of the spec is what `serviceName` is: the pods of Podman are called without a number.
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **template["metadata"]},
        "spec": template["spec"],
    }
    names = (name, f"{name}.{namespace}", f"{name}.{namespace}.svc.cluster.local") if name in services else ()
    documents = [*map(_with_data, files), pod]
    return Pod(name, documents, claims, wanted_env, names[1:], tuple(dict.fromkeys(noted)))


def _claim(name: str, claim: Object, context: Object) -> Object:
    owner = {f"volume.podman.io/{each}": str(context["fsGroup"]) for each in ("uid", "gid")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "annotations": owner},
        "spec": claim["spec"],
    }


def _without_part_mounts(spec: Object) -> list[str]:
    """Mount the folders of files whole, since Podman would make a folder of each `subPath`."""
    volumes = {each["name"]: each for each in spec["volumes"]}
    folders: dict[tuple[str, str], list[Object]] = defaultdict(list)
    for container in spec["containers"]:
        for mount in [each for each in container["volumeMounts"] if "subPath" in each]:
            path = PurePosixPath(mount["mountPath"])
            folders[mount["name"], str(path.parent)].append({"key": mount["subPath"], "path": path.name})
            container["volumeMounts"].remove(mount)
        for number, ((volume, folder), items) in enumerate(folders.items()):
            source = copy.deepcopy(volumes[volume])
            source.get("configMap", source.get("secret", {}))["items"] = items
            spec["volumes"].append({**source, "name": f"{volume}-{number}"})
            container["volumeMounts"].append({"name": f"{volume}-{number}", "mountPath": folder, "readOnly": True})
    taken = {volume for volume, _ in folders}
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] not in taken]
    return ["subPath is the whole folder: Podman mounts a folder where the file should be"] if folders else []


def _with_own_folders(spec: Object, name: str) -> list[str]:
    """Give an emptyDir the pod's name, since Podman makes a volume of it that all pods would share."""
    new = {each["name"]: f"{name}-{each['name']}" for each in spec["volumes"] if "emptyDir" in each}
    for each in (*spec["volumes"], *(mount for one in spec["containers"] for mount in one["volumeMounts"])):
        each["name"] = new.get(each["name"], each["name"])
    return ["an emptyDir has the pod's name before its own: Podman would share it between pods"] if new else []


def _with_stated_secrets(spec: Object) -> list[str]:
    """Say that a mounted Secret is needed, without which Podman 4.3 crashes."""
    found = [each["secret"] for each in spec["volumes"] if "secret" in each]
    for each in found:
        each["optional"] = False
    return ["`optional: false` is said of mounted Secrets, without which Podman 4.3 crashes"] if found else []


def _mounted(spec: Object) -> Iterator[str]:
    for each in spec["volumes"]:
        if "configMap" in each:
            yield each["configMap"]["name"]
        if "secret" in each:
            yield each["secret"]["secretName"]


def _secrets_of_variables(spec: Object) -> Iterator[str]:
    for container in spec["containers"]:
        for each in container.get("env", []):
            if reference := each.get("valueFrom", {}).get("secretKeyRef"):
                yield reference["name"]
        for each in container.get("envFrom", []):
            yield each["secretRef"]["name"]


def _with_data(each: Object) -> Object:
    """Return a Secret with `data`, as the API server would keep it."""
    if each["kind"] != "Secret":
        return each
    return {**{key: value for key, value in each.items() if key != "stringData"}, "data": _encoded(each)}


def _as_podman_reads(secret: Object) -> str:
    return json.dumps(_encoded(secret))


def _encoded(secret: Object) -> dict[str, str]:
    return {key: base64.b64encode(str(value).encode()).decode() for key, value in secret["stringData"].items()}
