"""
Become one program of a stack: `python -I -S launcher.py SPEC.json`, run by supervisord.

It ends what a former incarnation of the program left behind, notes who it is, and turns into the real command.
No process of platinfra stays between supervisord and the program.
"""

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from platinfra.drivers import privileges, process_tree
else:
    # Last on the path, so that no module beside this one hides one of the standard library.
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    import privileges
    import process_tree

_PATIENCE = 3.0
"""Seconds between SIGTERM and SIGKILL for what a crash left behind."""


def main(path: str) -> NoReturn:
    """Replace this process with the program that the file `path` describes."""
    _restore_signals()
    spec = process_tree.load(path)
    if not spec:
        sys.exit(f"platinfra: the file of this program is missing or damaged: {path}")
    stem = path.removesuffix(".json")
    _end_former(spec["env"][process_tree.MARK], stem)
    _note(stem)
    _become(spec)


def _restore_signals() -> None:
    """Undo what Python sets up: an exec keeps ignored signals ignored."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _end_former(mark: str, stem: str) -> None:
    record = process_tree.load_record(stem)
    if "pid" in record and not process_tree.end(lambda: process_tree.belongings(mark, record), _PATIENCE):
        sys.exit("platinfra: processes of the previous run cannot be killed")


def _note(stem: str) -> None:
    starts = process_tree.load_record(stem).get("starts", 0)
    entry = process_tree.snapshot()[os.getpid()]
    process_tree.save(
        f"{stem}.pid.json",
        {"pid": entry.pid, "start": entry.start, "session": entry.session, "starts": starts + 1},
    )
    process_tree.save(f"{stem}.tree.json", {})


def _become(spec: dict[str, Any]) -> NoReturn:
    command = spec["command"]
    try:
        privileges.hand_over(spec["owned"])
        os.umask(spec["umask"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(spec["cwd"])
        os.execvpe(command[0], command, spec["env"])
    except OSError as error:
        sys.exit(f"platinfra: cannot run {command[0]}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
