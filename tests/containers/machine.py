"""What the machine has to have: packages of the distribution, and an image of it with Python."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.containers.engine import Engine

BASE = "localhost/debian-python:bookworm"
PROGRAMS = {
    "podman": "podman",
    "runc": "runc",
    "conmon": "conmon",
    "debootstrap": "debootstrap",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "tar": "tar",
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    "/usr/libexec/podman/catatonit": "catatonit",
}
"""Program to its package."""
ARCHIVE = "PLATINFRA_BASE_ARCHIVE"
"""Names a file: the base image is read from there, or written there, instead of being made anew each time."""
_INSIDE = "python3,python3-venv,ca-certificates"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man")


class UnableError(Exception):
    """No engine can run on this machine; the text says why not."""


def install() -> float:
    """Install the packages that are missing; return the seconds. Raises UnableError where that cannot be done."""
    if os.geteuid():
        raise UnableError("it needs root: containers with users, limits and a network of their own are made")
    missing = [package for program, package in PROGRAMS.items() if not _has(program)]
    if not missing:
        return 0.0
    if not shutil.which("apt-get"):
        raise UnableError(f"there is no apt-get to install {', '.join(missing)} with")
    began = time.monotonic()
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        ended = subprocess.run(["apt-get", "-qq", *command], env=quiet, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise UnableError(f"apt-get {command[0]} ended with {ended.returncode}: {ended.stderr.strip()[-500:]}")
    return time.monotonic() - began


def _has(program: str) -> bool:
    return Path(program).exists() if program.startswith("/") else shutil.which(program) is not None


def make_base(engine: Engine) -> float:
    """Make the image that others are built on; return the seconds. Raises UnableError when the distribution is not reached."""
    began = time.monotonic()
    kept = os.environ.get(ARCHIVE)
    archive = Path(kept) if kept else engine.folder / "base.tar"
    if not archive.exists():
        _pack(_root(engine.folder / "root"), archive)
    engine.podman("import", '--change=CMD ["python3"]', str(archive), BASE)
    if not kept:
        archive.unlink()
    return time.monotonic() - began


def _root(root: Path) -> Path:
    command = ["debootstrap", "--variant=minbase", f"--include={_INSIDE}", "bookworm", str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if ended.returncode:
        raise UnableError(f"debootstrap ended with {ended.returncode}: {(ended.stdout + ended.stderr).strip()[-500:]}")
    # Where a proxy stands between, the machine trusts it and the image has to; pip reads its own file.
    if Path("/", _CERTIFICATES).is_file():
        shutil.copyfile(Path("/", _CERTIFICATES), root / _CERTIFICATES)
    lines = ["[global]", f"cert = /{_CERTIFICATES}"]
    lines += [f"index-url = {index}"] if (index := os.environ.get("PIP_INDEX_URL")) else []
    (root / "etc/pip.conf").write_text("\n".join(lines) + "\n")
    return root


def _pack(root: Path, archive: Path) -> None:
    left_out = [f"--exclude=./{path}/*" for path in _LEFT_OUT]
    part = archive.with_name(archive.name + ".part")
    subprocess.run(["tar", "-C", str(root), *left_out, "-cf", str(part), "."], check=True)
    part.rename(archive)
    shutil.rmtree(root)
