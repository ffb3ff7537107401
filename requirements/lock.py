"""Resolve every lock file anew: platinfra's own, each tool's, each example's."""

import re
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).parent.parent
OPTIONS = [
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
    "--python-version=3.11",
]


def main(*only: str) -> None:
    """Compile all locks, or those of the tools and examples that are named; raise SystemExit for a name without one."""
    tools, examples = ROOT / "src/platinfra/tools", ROOT / "examples"
    inputs = [*tools.glob("*/requirements*.in"), *tools.glob("*/image.in"), *examples.glob("*/requirements.in")]
    if unknown := set(only) - {each.parent.name for each in inputs}:
        sys.exit(f"no requirements.in in a tool or example named {', '.join(sorted(unknown))}")
    if not only:
        compile_own()
    for each in sorted(inputs):
        if not only or each.parent.name in only:
            compile_lock(each, each.with_name(f"{each.stem}.lock.txt"), *options(each))


def compile_own() -> None:
    """Compile the locks of platinfra itself and of its development."""
    folder = ROOT / "requirements"
    for name in ("uv", "checkov", "zenml", "emulators"):
        compile_lock(folder / f"{name}.in", folder / f"{name}.lock.txt", "--universal")
    compile_lock(ROOT / "pyproject.toml", folder / "dev.lock.txt", "--universal", "--group=dev")
    machine = ROOT / "src/platinfra/targets/aws/machine_files/platinfra.lock.txt"
    compile_lock(ROOT / "pyproject.toml", machine, "--universal")


def options(file: Path) -> list[str]:
    """
    Return the options that a file asks for in its comments.

    `# exclude-newer: DAY` resolves as of a day: newer releases break some tools. `# for: linux` resolves for one platform
    and the Python of `OPTIONS`, where packages conflict elsewhere.
    """
    text = file.read_text()
    day, platform = (re.search(rf"^# {each}: (\S+)", text, re.MULTILINE) for each in ("exclude-newer", "for"))
    scope = [f"--python-platform={platform.group(1)}"] if platform else ["--universal"]
    return [*scope, *([f"--exclude-newer={day.group(1)}"] if day else [])]


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
