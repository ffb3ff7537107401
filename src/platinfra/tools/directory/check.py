"""Prove a binding to the object store: `write` and `find` MARKER in the folder that BINDING_URL names."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes; a marker is never in a larger file."""


def write(marker: str) -> None:
    """Leave a file."""
    folder = Path(os.environ["BINDING_URL"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / marker).write_text(marker)


def find(marker: str) -> str | None:
    """Look for the marker in the names and the contents of the files."""
    folder = Path(os.environ["BINDING_URL"])
    return None if any(marker in file.name or holds(file, marker) for file in files_of(folder)) else "not found"


def files_of(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())


def holds(file: Path, marker: str) -> bool:
    """Say whether a file is small enough and contains the marker."""
    return file.stat().st_size <= LARGEST and marker.encode() in file.read_bytes()


if __name__ == "__main__":
    if "BINDING_URL" not in os.environ:
        sys.exit("directory: only a consumer's folder can be checked, and BINDING_URL names none")
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except OSError as error:
        sys.exit(f"directory: {error}")
