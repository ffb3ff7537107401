"""Play pods, ask them from beside, and look at them from within."""

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.containers.engine import NETWORK, Engine, EngineError
from tests.containers.figures import MEASURED, note
from tests.containers.machine import BASE
from tests.containers.translation import Pod

_FOLDERS = ["/", "/opt", "/opt/platinfra", "/var/tmp", "/run", "/etc", "/tmp"]
_ASK = """
import json, sys, time, urllib.error, urllib.request
url, until = sys.argv[1], time.monotonic() + float(sys.argv[2])
while True:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            print(json.dumps([answer.status, answer.read(1 << 20).decode(errors="replace")]))
            break
    except (urllib.error.URLError, OSError) as error:
        if time.monotonic() > until:
            sys.exit(f"{url}: {error}")
        time.sleep(0.1)
"""
_LOOK = """
import json, os, pathlib
def refused(folder):
    try:
        (pathlib.Path(folder) / "written").write_text("x")
    except OSError:
        return True
    (pathlib.Path(folder) / "written").unlink()
    return False
status = dict(line.split(":\\t", 1) for line in pathlib.Path("/proc/1/status").read_text().splitlines() if ":\\t" in line)
root = next(line.split()[3] for line in open("/proc/1/mounts") if line.split()[1] == "/")
print(json.dumps({
    "uids": status["Uid"].split(), "gids": status["Gid"].split(), "root": root.split(",")[0],
    "capabilities": sorted({status[key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}),
    "no_new_privileges": status["NoNewPrivs"], "seccomp": status["Seccomp"],
    "refused": {each: refused(each) for each in os.environ["FOLDERS"].split(":")},
}))
"""


def play(engine: Engine, pod: Pod) -> float:
    """Play a pod; return the moment it was started."""
    known = engine.podman("secret", "ls", "--format={{.Name}}").split()
    for name, content in pod.hidden.items():
        if name not in known:
            engine.secret(name, content)
    made = set(engine.podman("volume", "ls", "--quiet").split())
    claims = [each for name, each in pod.claims.items() if name not in made]
    path = engine.folder / f"{pod.name}.yaml"
    path.write_text("\n---\n".join(json.dumps(each) for each in (*claims, *pod.documents)))
    aliases = "".join(f"{',' if number else ':'}alias={each}" for number, each in enumerate(pod.names))
    began = time.monotonic()
    engine.podman("kube", "play", f"--network={NETWORK}{aliases}", str(path))
    return began


def stop(engine: Engine, pod: Pod) -> None:
    """Take a pod away; its claimed volumes stay."""
    engine.podman("pod", "rm", "--force", "--time=20", pod.name)
    volumes = engine.podman("volume", "ls", "--quiet").split()
    if gone := [each for each in pod.passing if each in volumes]:
        engine.podman("volume", "rm", *gone)
    if secrets := [each["metadata"]["name"] for each in pod.documents if each["kind"] == "Secret"]:
        engine.podman("secret", "rm", *secrets)


def bring_up(engine: Engine, pod: Pod) -> None:
    """Play a pod, wait until it is ready, and note what that took."""
    note(pod)
    seconds = until_ready(engine, pod, play(engine, pod))
    used, most = memory(engine, pod)
    MEASURED.append(f"pod {pod.name}: ready in {seconds:.1f} s, memory {used} of {most / 2**20:.0f} MiB")


def again(engine: Engine, pod: Pod) -> None:
    """Let another pod take a pod's place, with its claimed volumes."""
    stop(engine, pod)
    seconds = until_ready(engine, pod, play(engine, pod))
    MEASURED.append(f"pod {pod.name}: ready again in {seconds:.1f} s")


def ask(engine: Engine, url: str, patience: float = 5.0) -> tuple[int, str]:
    """Ask an address from a container beside the pods; raise EngineError when it does not answer in time."""
    status, text = json.loads(engine.python(BASE, _ASK, url, str(patience)))
    return status, text


def until_ready(engine: Engine, pod: Pod, began: float, patience: float = 180.0) -> float:
    """Ask what the readiness probe would ask until it answers; return the seconds since the start."""
    container = pod.described["containers"][0]
    probe = container["readinessProbe"]["httpGet"]
    port = next(each["containerPort"] for each in container["ports"] if each["name"] == probe["port"])
    try:
        ask(engine, f"http://{pod.names[-1]}:{port}{probe['path']}", patience)
    except EngineError as error:
        raise EngineError(f"{error}\nits log:\n{logs(engine, pod)}") from None
    return time.monotonic() - began


def logs(engine: Engine, pod: Pod) -> str:
    """Return the last lines of a container's log."""
    try:
        return engine.podman("logs", "--tail=30", pod.container, both=True)
    except EngineError as error:
        return str(error)


def within(engine: Engine, pod: Pod, folders: list[str]) -> Mapping[str, Any]:
    """Return what a container's first process may do, and in which folders it cannot write."""
    told = f"--env=FOLDERS={':'.join(folders)}"
    return dict(json.loads(engine.podman("exec", told, pod.container, "python3", "-c", _LOOK)))


def memory(engine: Engine, pod: Pod) -> tuple[str, int]:
    """Return the memory that a container uses, and the most that it may."""
    shown = json.loads(engine.podman("stats", "--no-stream", "--format=json", pod.container))
    return shown[0]["mem_usage"].split(" / ")[0], engine.seen("container", pod.container)["HostConfig"]["Memory"]


def confinement(engine: Engine, pod: Pod) -> Mapping[str, Any]:
    """Return what a container's first process may do, by the kernel."""
    return {**within(engine, pod, _FOLDERS), "memory": memory(engine, pod)[1]}


def described_confinement(pod: Pod) -> Mapping[str, Any]:
    """Return what a container's first process may do, by its manifest."""
    container, user = pod.described["containers"][0], str(pod.described["securityContext"]["runAsUser"])
    assert user != "0"
    return {
        "uids": [user] * 4,  # real, effective, saved, of the file system
        "gids": [user] * 4,
        "root": "ro",
        "capabilities": ["0" * 16],
        "no_new_privileges": "1",
        "seccomp": "2",  # a filter
        "refused": {each: each not in _writable(container) for each in _FOLDERS},
        "memory": _bytes(container["resources"]["limits"]["memory"]),
    }


def _writable(container: Mapping[str, Any]) -> set[str]:
    """Return the folders that a container may write."""
    return {each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")}


def _bytes(quantity: str) -> int:
    return int(quantity[:-2]) * {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[quantity[-2:]]
