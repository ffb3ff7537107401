"""
Start Ray's head with its files in TMPDIR: `head.py start --head …`, the arguments of `ray`.

Ray makes unix sockets in a folder named after the time to the microsecond, whose paths exceed the 107 bytes that a socket's
may have almost everywhere but below /tmp. A shorter name fits below every TMPDIR that platinfra gives. And Ray starts some of
its processes by a shell, with the path of Python as it is: the link to the environment may lie below a folder with a blank in
its name, where the environment itself does not.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

_KEPT = 2
"""Sessions of former heads whose logs stay."""


def name_session(parameters: Any, head: bool) -> None:
    """Call the session by its second: Ray's hook for who starts it (RAY_START_HOOK)."""
    del head
    parameters.update_if_absent(session_name=f"session_{int(time.time())}")


def forget_sessions(folder: Path) -> None:
    """Remove what former heads left, but for the newest."""
    sessions = sorted(path for path in folder.glob("session_*") if path.is_dir() and not path.is_symlink())
    for each in sessions[:-_KEPT]:
        shutil.rmtree(each, ignore_errors=True)


def behind_links(program: str) -> str:
    """Return the path of a Python with the real folder of its environment."""
    return str(Path(program).parent.resolve() / Path(program).name)


def name_provider(home: Path) -> None:
    """Say that this is no cloud, where Ray looks first: otherwise the dashboard asks the clouds' metadata servers."""
    (home / "ray_bootstrap_config.yaml").write_text("provider: {type: local}\n")


if __name__ == "__main__":
    if (python := behind_links(sys.executable)) != sys.executable:
        os.execv(python, [python, *sys.argv])
    from ray.scripts.scripts import cli

    folder = os.environ["TMPDIR"]
    forget_sessions(Path(folder))
    name_provider(Path.home())
    os.environ["RAY_START_HOOK"] = "__main__.name_session"
    cli([*sys.argv[1:], f"--temp-dir={folder}"], prog_name="ray")
