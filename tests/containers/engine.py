"""Podman in namespaces and a folder of its own: nothing of the machine is changed but for the packages."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NETWORK = "stack"
_LINES = 25
_ENDING = 600.0
_LONGEST = 300.0
_SETTINGS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
events_logfile_path = "{folder}/events"
tmp_dir = "/run/libpod"
volume_path = "{folder}/volumes"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "/run/containers/storage"
"""
# The packages of a lock come from outside, and nothing else may: the network inside has no way out.
_BUILDER = """\
#!/bin/sh
command="$1"; shift
case "$command" in
  build) set -- --isolation chroot --network host --pull=never --layers=false "$@" ;;
esac
began=$(date +%s.%N)
{enter} podman "$command" "$@"
code=$?
echo "$command $began $(date +%s.%N) $*" >> {folder}/commands
exit $code
"""


class EngineError(Exception):
    """Podman refused something; the text has the last lines of what it wrote."""


class Engine:
    """Podman in a folder; `end` ends and removes everything."""

    def __init__(self) -> None:
        """Start the namespaces; raise EngineError when the kernel refuses them, or Podman does not answer."""
        self.folder = Path(tempfile.mkdtemp(prefix="platinfra-containers-"))
        keeper = [sys.executable, str(Path(__file__).with_name("keeper.py")), str(self.folder)]
        self._keeper = subprocess.Popen(
            keeper, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            self._settle()
        except BaseException:
            self.end()
            raise

    def _settle(self) -> None:
        assert self._keeper.stdout
        assert self._keeper.stderr
        if self._keeper.stdout.readline().strip() != b"ready":
            raise EngineError(f"namespaces of its own were refused: {_last(self._keeper.stderr.read().decode())}")
        (self.folder / "containers.conf").write_text(_SETTINGS.format(folder=self.folder))
        (self.folder / "storage.conf").write_text(_STORAGE.format(folder=self.folder))
        self._first = _child(_child(self._keeper.pid))
        self.builder = self.folder / "podman-with-pypi"
        self.builder.write_text(_BUILDER.format(enter=shlex.join(self._enter(network=False)), folder=self.folder))
        self.builder.chmod(0o700)
        self.podman("info")
        self.podman("network", "create", NETWORK)

    def _enter(self, *, network: bool = True) -> list[str]:
        settings = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
        files = [f"{name}={self.folder / path}" for name, path in settings.items()]
        spaces = ["--mount", "--pid", *(["--net"] if network else [])]
        return ["env", *files, "nsenter", f"--target={self._first}", *spaces, "--"]

    def podman(self, *arguments: str, stdin: str = "", both: bool = False) -> str:
        """Run Podman in the network that has no way out; return what it wrote, or raise EngineError."""
        command = [*self._enter(), "podman", *arguments]
        ended = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=_LONGEST, check=False)
        if ended.returncode:
            message = (
                f"podman {' '.join(arguments[:3])} ended with {ended.returncode}: {_last(ended.stderr + ended.stdout)}"
            )
            raise EngineError(message)
        return ended.stdout + ended.stderr if both else ended.stdout

    def secret(self, name: str, content: str) -> None:
        """Make a secret of Podman's own; its content is in no argument and no file of ours."""
        self.podman("secret", "create", name, "-", stdin=content)

    def has(self, image: str) -> bool:
        """Tell whether an image is here."""
        return image in self.podman("images", "--format={{.Repository}}:{{.Tag}}").split()

    def seen(self, kind: str, name: str) -> Mapping[str, Any]:
        """Return what Podman knows about an image, a container or a volume."""
        return dict(json.loads(self.podman(kind, "inspect", name))[0])

    def python(self, image: str, code: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run Python in a container beside the pods, in their network; return what it printed."""
        given = [f"--env={name}={value}" for name, value in (env or {}).items()]
        return self.podman("run", "--rm", f"--network={NETWORK}", *given, image, "python3", "-c", code, *arguments)

    def start(self, command: Sequence[str]) -> None:
        """Start a program of the machine in the network of the pods; it ends with the engine."""
        log = (self.folder / "started").open("a")
        subprocess.Popen([*self._enter(), *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=os.sep)

    def builds(self) -> dict[str, float]:
        """Return how many seconds each image took that was built."""
        path = self.folder / "commands"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return {line[line.index("--tag") + 1]: float(line[2]) - float(line[1]) for line in lines if line[0] == "build"}

    def end(self) -> None:
        """End everything, and wait until it was cleared away."""
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(_ENDING)


def _child(pid: int) -> int:
    for _ in range(50):
        if found := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            return int(found[0])
        time.sleep(0.1)
    raise EngineError(f"process {pid} has no child")


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LINES:])
