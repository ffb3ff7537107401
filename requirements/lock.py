"""Resolve every lock file anew: platinfra's own, each tool's, each example's."""

import re
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).parent.parent
OPTIONS = [
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
    "--python-version=3.11",
]


def main(*only: str) -> None:
    """Compile all locks, or those of the named folders."""
    compile_lock(ROOT / "requirements" / "uv.in", ROOT / "requirements" / "uv.lock.txt")
    compile_lock(ROOT / "pyproject.toml", ROOT / "requirements" / "dev.lock.txt", "--group=dev")
    compile_lock(ROOT / "requirements" / "checkov.in", ROOT / "requirements" / "checkov.lock.txt")
    compile_lock(ROOT / "requirements" / "zenml.in", ROOT / "requirements" / "zenml.lock.txt")
    machine = ROOT / "src/platinfra/targets/aws/machine_files/platinfra.lock.txt"
    compile_lock(ROOT / "pyproject.toml", machine)
    tools, examples = ROOT / "src/platinfra/tools", ROOT / "examples"
    for each in sorted(
        [*tools.glob("*/requirements.in"), *tools.glob("*/image.in"), *examples.glob("*/requirements.in")]
    ):
        if not only or each.parent.name in only:
            compile_lock(each, each.with_suffix(".lock.txt"), *newest(each))


def newest(file: Path) -> list[str]:
    """Return the option that resolves as of the day that the file names: newer releases break some tools."""
    found = re.search(r"^# exclude-newer: (\S+)", file.read_text(), re.MULTILINE)
    return [f"--exclude-newer={found.group(1)}"] if found else []


def compile_lock(source: Path, lock: Path, *options: str) -> None:
    """Write one hashed requirements file."""
    print(lock.relative_to(ROOT))
    command = [
        find_uv_bin(),
        "pip",
        "compile",
        "--quiet",
        "--upgrade",
        *OPTIONS,
        *options,
        str(source),
        "--output-file",
        str(lock),
    ]
    subprocess.run(command, cwd=source.parent, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
