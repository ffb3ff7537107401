"""Clusters that a program makes on this machine; each program is a row of a table."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.drivers.kubernetes_command import Commands, Ended, find_program
from platinfra.drivers.kubernetes_problems import last_lines
from platinfra.facts.table import beside

_LINES = 15
_PATIENCE = 900.0
"""Seconds: images of nodes are downloaded."""
PROGRAMS: Mapping[str, Mapping[str, str]] = beside(__file__)
"""Each program with its commands."""
_WORD = re.compile(r"[\w.-]+")


class MadeCluster:
    """One cluster on this machine, which is there or is not."""

    def __init__(self, program: str, name: str, kubeconfig: Path) -> None:
        """Find the program; raise PlatinfraError when it is not installed."""
        self._row, self._name, self._kubeconfig = PROGRAMS[program], name, kubeconfig
        self.program = find_program(f"PLATINFRA_{program.upper()}", program) or ""
        if not self.program:
            hint = f"install it ({self._row['address']}), or name it in PLATINFRA_{program.upper()}"
            raise PlatinfraError(Diagnostic("unknown-program", f"no program `{program}` found", hint=hint))
        self._commands = Commands()

    def exists(self) -> bool:
        """Tell whether the cluster is there."""
        return self._name in _WORD.findall(self._run(self._row["names"]).out)

    def create(self) -> None:
        """Make the cluster; raise ActionError with the last lines that the program said, and leave no half of one."""
        try:
            self._do("creating the cluster", self._row["create"])
        except BaseException:
            self._run(self._row["delete"])
            raise

    def write_kubeconfig(self) -> None:
        """Write how to reach it into its own file, which only the owner can read."""
        self._do("reading the kubeconfig of the cluster", self._row["export"])
        self._kubeconfig.chmod(0o600)

    def load(self, image: str) -> None:
        """Bring an image of this machine's container engine onto the nodes."""
        self._do(f"loading {image}", self._row["load"], image=image)

    def delete(self) -> None:
        """Remove the cluster with everything in it."""
        self._do("deleting the cluster", self._row["delete"])

    def _run(self, template: str, **more: str) -> Ended:
        values = {"name": self._name, "kubeconfig": str(self._kubeconfig), **more}
        arguments = [each.format(**values) for each in template.split()]
        # Which container engine it uses, and how, is told by many variables.
        surroundings = {**os.environ, "KUBECONFIG": str(self._kubeconfig)}
        return self._commands.run([self.program, *arguments], timeout=_PATIENCE, env=surroundings)

    def _do(self, what: str, template: str, **more: str) -> None:
        ended = self._run(template, **more)
        if ended.code:
            message, details = f"{what} `{self._name}` failed", last_lines(ended.err or ended.out, _LINES)
            hint = f"try it by hand: `{Path(self.program).name} {template.split(maxsplit=1)[0]} …`"
            raise ActionError(Diagnostic("cluster-not-made", message, hint=hint, details=details))
