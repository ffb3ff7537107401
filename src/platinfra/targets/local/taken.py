"""Ports that a stack kept and somebody else has."""

from dataclasses import dataclass

from platinfra.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class TakenPort:
    """A port of a component on which somebody else listens."""

    component: str
    port: int
    holder: str
    """Names a process, or the program of another stack with the stack's folder."""

    @property
    def sentence(self) -> str:
        """Say what is taken by whom."""
        return f"port {self.port} of `{self.component}` is in use by {self.holder}"

    @property
    def problem(self) -> Diagnostic:
        """Return what people are told who did not agree to other ports."""
        hint = f"stop it, or run `platinfra up --move-ports` to move `{self.component}` to another port"
        return Diagnostic("port-taken", self.sentence, hint=hint)
