"""Terraform or OpenTofu on one folder: what it says becomes events, and what goes wrong becomes diagnostics."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError, join_names
from platinfra.drivers.files import LocalFiles, translate_errors
from platinfra.drivers.kubernetes_versions import numbers
from platinfra.drivers.terraform_events import (
    DriftedResource,
    Event,
    PlannedChange,
    Problem,
    load_event,
)
from platinfra.drivers.terraform_problems import action_error
from platinfra.drivers.terraform_process import TerraformProcess

OVERRIDE = "PLATINFRA_TERRAFORM"
_PROGRAMS = ("terraform", "tofu")
_OLDEST = (1, 11)
"""The first Terraform and OpenTofu with write-only arguments, which keep secrets out of the state."""
_INSTALL = (
    "install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu "
    f"(https://opentofu.org/docs/intro/install), or name one in {OVERRIDE}"
)
_NOTE = Path(".terraform") / "platinfra.json"
_KEPT = "errored.tfstate"
_LAST_LINES = 20
_CHANGED = 2
"""Exit code of a plan that is not empty."""

OnEvent = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Planned:
    """What an apply would do; `changed` also counts outputs."""

    changed: bool
    changes: tuple[PlannedChange, ...]
    drifted: tuple[DriftedResource, ...]


@dataclass(slots=True)
class _Heard:
    """The events of one run, and the lines that are none."""

    on_event: OnEvent
    events: list[Event] = field(default_factory=list)

    def line(self, text: str) -> None:
        event = load_event(text)
        if event is not None:
            self.events.append(event)
            self.on_event(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]


def _ignore(event: Event) -> None:
    """Tell nobody."""


class Terraform:
    """Terraform in the folder of a root module; one command at a time."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        """Remember the folder; `env` is added to the caller's environment."""
        self._folder, self._env = folder, dict(env or {})
        self._program = ""

    def init(self) -> None:
        """
        Fetch the provider, connect the modules and the backend; nothing happens when that was done for the same root.

        A state that could not be saved last time is saved first. Raises ActionError when it fails.
        """
        note = self._folder / _NOTE
        digest = _digest(self._folder, self._path())
        if not self._is_initialised(note, digest):
            LocalFiles().remove(note)
            self._stream(["init", "-json", "-reconfigure"])
            LocalFiles().write(note, json.dumps({"digest": digest}))
        kept = self._folder / _KEPT
        if kept.exists():
            self._run(["state", "push", _KEPT])
            LocalFiles().remove(kept)

    def plan(
        self,
        out: Path | None = None,
        *,
        targets: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        on_event: OnEvent = _ignore,
    ) -> Planned:
        """
        Compare the root, or what `targets` names of it, with the account; keep the plan in `out` for `apply`.

        `variables` go through the environment, where other users of the machine cannot read them.
        """
        options = [f"-out={out.absolute()}"] if out else []
        options += [f"-target={each}" for each in targets]
        arguments = ["plan", "-json", "-input=false", "-detailed-exitcode", *options]
        code, heard = self._stream(arguments, on_event, variables, accept=(0, _CHANGED))
        changes = tuple(each for each in heard.of(PlannedChange) if each.action != "noop")
        return Planned(code == _CHANGED, changes, tuple(heard.of(DriftedResource)))

    def apply(self, planfile: Path, on_event: OnEvent = _ignore) -> None:
        """Carry out a kept plan; raise ActionError with every failure after all that could be done was done."""
        self._stream(["apply", "-json", "-input=false", str(planfile.absolute())], on_event)

    def destroy(self, variables: Mapping[str, str] | None = None, on_event: OnEvent = _ignore) -> None:
        """Remove everything that is in the state, without reading it anew; raise ActionError with every failure."""
        arguments = ["apply", "-destroy", "-json", "-input=false", "-auto-approve", "-refresh=false"]
        self._stream(arguments, on_event, variables)

    def output(self) -> dict[str, Any]:
        """Return the values of the outputs, sensitive ones too; empty before the first apply."""
        content = json.loads(self._run(["output", "-json"]))
        return {name: each["value"] for name, each in content.items()}

    def show(self, planfile: Path) -> dict[str, Any]:
        """Return a kept plan with the values before and after."""
        content: dict[str, Any] = json.loads(self._run(["show", "-json", str(planfile.absolute())]))
        return content

    def state_list(self) -> tuple[str, ...]:
        """Return the addresses of everything in the state; empty when there is no state."""
        return tuple(self._run(["state", "list"], empty="No state file was found").split())

    def state_rm(self, addresses: Sequence[str]) -> None:
        """Forget resources without removing them; instances and modules count with all they hold."""
        if addresses:
            self._run(["state", "rm", *addresses])

    def _stream(
        self,
        arguments: Sequence[str],
        on_event: OnEvent = _ignore,
        variables: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
    ) -> tuple[int, _Heard]:
        heard = _Heard(on_event)
        process = self._start(arguments, variables or {})
        code = process.follow(heard.line)
        if code not in accept:
            problems = [each for each in heard.of(Problem) if each.severity == "error"]
            raise self._error(arguments[0], code, problems, process)
        return code, heard

    def _run(self, arguments: Sequence[str], empty: str | None = None) -> str:
        """Return what a command without events prints; `empty` in its errors means that there is nothing."""
        process = self._start(arguments, {})
        code = process.follow(lambda _: None)
        if code == 0:
            return process.output()
        if empty and empty in process.errors():
            return ""
        raise self._error(arguments[0], code, [], process)

    def _start(self, arguments: Sequence[str], variables: Mapping[str, str]) -> TerraformProcess:
        named = {f"TF_VAR_{name}": value for name, value in variables.items()}
        with translate_errors(self._folder):
            return TerraformProcess([self._path(), *arguments], self._folder, {**self._env, **named})

    def _path(self) -> str:
        self._program = self._program or find(self._env)[0]
        return self._program

    def _error(self, verb: str, code: int, problems: Sequence[Problem], process: TerraformProcess) -> ActionError:
        """Tell the problems of the stream; without any, what stands in the other output."""
        if problems:
            return action_error(problems)
        text = _plain(process.errors()) or _plain(process.output())
        lines = text.splitlines()[-_LAST_LINES:]
        summary = f"`terraform {verb}` ended with exit code {code}"
        return action_error([Problem("error", summary, "\n".join(lines))])

    def _is_initialised(self, note: Path, digest: str) -> bool:
        """Tell whether `init` was done for this root, and the provider is still where it was put."""
        try:
            found = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        platforms = list((self._folder / ".terraform" / "providers").glob("*/*/*/*/*"))
        complete = bool(platforms) and all(each.is_dir() for each in platforms)
        return complete and found.get("digest") == digest


def find(env: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return the path and version of the first program that is new enough; raise PlatinfraError without one."""
    wanted = {**os.environ, **(env or {})}
    names = (wanted[OVERRIDE],) if wanted.get(OVERRIDE) else _PROGRAMS
    found = [path for each in names if (path := shutil.which(each, path=wanted.get("PATH")))]
    versions = {path: _version(path, env or {}) for path in found}
    for path, version in versions.items():
        if numbers(version) >= _OLDEST:
            return os.path.abspath(path), version
    raise _unfit(names, versions)


def _version(program: str, env: Mapping[str, str]) -> str:
    """Return what a program says of itself; empty when it says nothing sensible."""
    try:
        process = TerraformProcess([os.path.abspath(program), "version", "-json"], Path.cwd(), env)
        process.follow(lambda _: None)
        return str(json.loads(process.output())["terraform_version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _unfit(names: Sequence[str], versions: Mapping[str, str]) -> PlatinfraError:
    if not versions:
        message = f"{join_names(names, 'or')} is not installed"
        return PlatinfraError(Diagnostic("terraform-missing", message, hint=_INSTALL))
    oldest = ".".join(map(str, _OLDEST))
    said = ", ".join(f"`{path}` is {version or 'of no known version'}" for path, version in versions.items())
    message = f"{said}, and platinfra needs {oldest} or newer"
    return PlatinfraError(Diagnostic("terraform-too-old", message, hint=_INSTALL))


def _digest(folder: Path, program: str) -> str:
    """Hash what an initialisation depends on: backend, providers, modules and the program."""
    with translate_errors(folder):
        root = json.loads((folder / "main.tf.json").read_text(encoding="utf-8"))
        sources = {name: each.get("source") for name, each in root.get("module", {}).items()}
        parts = [program, json.dumps([root.get("terraform"), sources], sort_keys=True)]
        parts += [path.read_text(encoding="utf-8") for path in sorted(folder.glob("modules/**/*.tf"))]
    return sha256("\0".join(parts).encode()).hexdigest()


def _plain(text: str) -> str:
    """Remove the frame that Terraform draws around errors."""
    lines = (re.sub(r"^[│╷╵]\s?", "", each).rstrip() for each in text.splitlines())
    return "\n".join(each for each in lines if each)
