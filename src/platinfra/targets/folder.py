"""Folders that platinfra writes for people: what is in them, and whose they are."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError

TERRAFORM = "main.tf.json"
"""What tells a Terraform folder of ours from somebody's own."""
CLUSTER = "platinfra.json"
"""What tells a folder for a cluster of ours from somebody's own; it names its files."""
IN_CLUSTER = "kubernetes"
"""The part of a Terraform folder that comes after Terraform."""
IN_STATE = "terraform"
"""The Terraform folder that `up` works in, in the state folder."""
KUBECONFIG = "kubeconfig"
"""How to reach a cluster that platinfra made; the user's own file stays as it is."""


def write_own_folder(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write a folder that a person named; raise PlatinfraError when it holds something else."""
    ours = any((folder / marker).is_file() for marker in (TERRAFORM, CLUSTER))
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        hint = "choose an empty one with `--out`"
        raise PlatinfraError(Diagnostic("folder-not-ours", f"`{folder}` holds something else", hint=hint))
    try:
        return write_folder(folder, files)
    except OSError as error:
        message = f"cannot write `{folder}`: {error.strerror or error}"
        raise ActionError(Diagnostic("state-not-written", message, hint="choose another folder with `--out`")) from None


def write_folder(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write a rendered folder; return what changed. Files of an earlier rendering that are no longer needed go."""
    changed = []
    for name in sorted(set(_earlier(folder)) - files.keys()):
        (folder / name).unlink(missing_ok=True)
        changed.append(name)
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            changed.append(name)
    return changed


def _earlier(folder: Path) -> Iterator[str]:
    """Yield the files of an earlier rendering."""
    for path in (folder / "modules").rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder))
    for place in (folder, folder / IN_CLUSTER):
        if (place / CLUSTER).is_file():
            named = json.loads((place / CLUSTER).read_text(encoding="utf-8")).get("files", [])
            yield from (str((place / name).relative_to(folder)) for name in named)
