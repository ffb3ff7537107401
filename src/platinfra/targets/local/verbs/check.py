"""
Prove each component and each wire through the tools' real clients.

What one tool wrote, the other has to find: a consumer that may write writes, and its provider finds; one that
only reads finds what its provider wrote. A consumer that runs user code does so from inside itself.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from platinfra.catalog.catalog import Catalog
from platinfra.drivers.with_packages import arguments_with
from platinfra.model.ports import CommandSpec
from platinfra.model.variables import prefix_of, variables_of
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Proof
from platinfra.targets.local.record import BindingRecord, LocalComponent, reveal
from platinfra.targets.local.verbs import machine
from platinfra.targets.local.verbs.running import Running, running
from platinfra.targets.target import chosen_component

if TYPE_CHECKING:
    from platinfra.model.ports import Secrets

NOT_APPLICABLE = 64
"""Exit code of a script that has nothing to do for an action (sysexits: EX_USAGE)."""
NOTHING_YET = 75
"""Exit code of a script that found nothing to prove anything with, such as no model (sysexits: EX_TEMPFAIL)."""
_TIMEOUT = 150.0
"""Seconds for one script."""
_WORKERS = 2


def prove(workspace: Workspace, component: str | None, report: Callable[[Proof], None]) -> list[Proof]:
    """Check a running stack, or one component and its wires; report each proof as it is made."""
    stack = running(workspace, up=True)
    only = chosen_component(component, stack.components) if component else None
    with tempfile.TemporaryDirectory(prefix="platinfra-check-") as folder:
        return _Checker(stack, Path(folder), report).all(only)


class _NothingYet(Exception):  # noqa: N818 - it is no error
    """A script found nothing to prove anything with."""


@dataclass(slots=True)
class _Checker:
    stack: Running
    folder: Path
    report: Callable[[Proof], None]
    marker: str = field(default_factory=lambda: f"check{token_hex(5)}")
    secrets: "Secrets" = field(init=False)
    passed: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Find the secrets and the surroundings of the stack's processes, once for all scripts."""
        tools = [each.tool for each in self.stack.components.values()]
        self.secrets = machine.secrets(self.stack.workspace)
        self.passed = machine.passed_environment(
            aws=machine.reaches_aws(tools, Catalog.beside(self.stack.workspace.folder))
        )

    def all(self, only: str | None) -> list[Proof]:
        """Prove components first, then wires; what a component wrote serves both."""
        # Infrastructure is proved by its wires alone.
        alone = {name: each for name, each in self.stack.components.items() if not (each.at and each.for_wires)}
        components = [name for name, each in alone.items() if each.check and each.client_env]
        wires = list(self.wires())
        if only:
            wires = [wire for wire in wires if only in wire[:2]]
            components = [name for name in components if name == only or any(name in wire[:2] for wire in wires)]
        with ThreadPoolExecutor(_WORKERS) as pool:
            proofs = [*self.report_proofs(pool.map(self.component, components))]
            return [*proofs, *self.report_proofs(pool.map(lambda wire: self.wire(*wire), wires))]

    def report_proofs(self, proofs: Iterator[Proof]) -> Iterator[Proof]:
        """Report proofs in the order of the stack, each as soon as those before it are made."""
        for proof in proofs:
            self.report(proof)
            yield proof

    def wires(self) -> Iterator[tuple[str, str, list[BindingRecord]]]:
        """Yield consumer, provider and their bindings, for wires whose both ends can be checked."""
        for consumer, data in self.stack.components.items():
            pairs: dict[str, list[BindingRecord]] = {}
            for binding in data.bindings:
                pairs.setdefault(binding.provider, []).append(binding)
            for provider, bindings in pairs.items():
                yield consumer, provider, bindings

    def component(self, name: str) -> Proof:
        """Write and find in one component."""
        return self.proof(name, lambda: self.script(name, "write") or self.script(name, "find"))

    def wire(self, consumer: str, provider: str, bindings: list[BindingRecord]) -> Proof:
        """Prove that one component reaches another."""
        names = ", ".join(each.name for each in bindings)
        return self.proof(f"{consumer} → {provider} ({names})", lambda: self.prove(consumer, provider, bindings))

    def prove(self, consumer: str, provider: str, bindings: list[BindingRecord]) -> str | None:
        """Return why a wire does not hold, or None."""
        executes = self.stack.components[consumer].executes
        # People's code uses the provider itself, where its consumer runs any.
        of_code = [each for each in bindings if each.client and executes]
        binding = next((each for each in of_code or bindings if "write" in each.access), (of_code or bindings)[0])
        writes = "write" in binding.access
        unproved = [each for each in (provider, consumer) if not self.stack.components[each].check]
        if any(self.stack.components[each].at for each in unproved):
            raise _NothingYet(f"{unproved[0]} is run by others, and platinfra writes nothing there")
        if unproved:
            return "one end has no check script"
        if of_code:
            inside = f"{self.marker}-{consumer}"
            if writes:
                return self.inside(consumer, provider, "write", inside) or self.script(provider, "find", marker=inside)
            return self.inside(consumer, provider, "find", self.marker)
        if writes:
            return self.script(provider, "find", binding=binding, consumer=consumer)
        return self.script(consumer, "find")

    def inside(self, consumer: str, provider: str, action: str, marker: str) -> str | None:
        """Run the provider's script where the consumer runs user code."""
        data = self.stack.components[provider]
        script = str(Path(data.folder) / (data.check or ""))
        prefix = prefix_of(provider) if self.shares_variables(provider) else ""
        return self.run(consumer, ["run", *arguments_with(data.packages, script, prefix), action, marker], {})

    def shares_variables(self, name: str) -> bool:
        """Tell whether another component gives variables of the same names, so that code may know one of them by another name."""
        components = self.stack.components
        own = components[name].client_env.keys()
        return any(own & each.client_env.keys() for other, each in components.items() if other != name)

    def script(
        self,
        name: str,
        action: str,
        *,
        marker: str | None = None,
        binding: BindingRecord | None = None,
        consumer: str | None = None,
    ) -> str | None:
        """Run a component's own script, with what a consumer is told and may do; return why it failed, or None."""
        extra = {"PLATINFRA_COMPONENT": consumer} if consumer else {}
        extra |= self.binding_env(binding) if binding else {}
        return self.run(name, [action, marker or self.marker], extra)

    def run(self, name: str, arguments: list[str], extra: Mapping[str, str]) -> str | None:
        """Run a check script in its tool's environment, as a client of the stack."""
        data = self.stack.components[name]
        home = self.folder / name
        home.mkdir(exist_ok=True)
        venv = self.venv(data)
        python = str(venv / "bin" / "python") if venv else sys.executable
        path = f"{venv / 'bin'}:/usr/local/bin:/usr/bin:/bin" if venv else "/usr/local/bin:/usr/bin:/bin"
        own = {"PATH": path, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
        base = {**self.passed, **own, "PLATINFRA_COMPONENT": name}
        if data.packages:
            base["PYTHONPATH"] = ":".join(data.packages)
        env = self.stack.client_env()
        spec = CommandSpec(
            component=name,
            command=(python, str(Path(data.folder) / (data.check or "")), *arguments),
            env={**base, **env, **variables_of(name, data.client_env, env), **extra},
            cwd=home,
            log=self.stack.layout.log(name, "check"),
        )
        code, output = machine.processes(self.stack.workspace).run(spec, timeout=_TIMEOUT)
        if code == NOTHING_YET:
            raise _NothingYet(_last_line(output))
        return None if code in {0, NOT_APPLICABLE} else _last_line(output) or f"ended with {code}"

    def venv(self, data: LocalComponent) -> Path | None:
        """Return the environment of a tool's script: the project's, or its own, made now for tools that run no process."""
        if data.checked_by_client:
            return self.stack.layout.client_venv
        if not data.requirements:
            return None
        return machine.environments().ensure(Path(data.folder) / data.requirements, lambda _: None)

    def binding_env(self, binding: BindingRecord) -> dict[str, str]:
        """Return what the provider tells the consumer, as BINDING_… variables."""
        told = binding.attributes.items()
        return {f"BINDING_{name.upper()}": reveal(parts, self.secrets.get) for name, parts in told}

    def proof(self, subject: str, prove: Callable[[], str | None]) -> Proof:
        """Time one proof."""
        began = time.monotonic()
        try:
            problem = prove()
        except _NothingYet as reason:
            return Proof(subject, ok=True, detail=str(reason), seconds=time.monotonic() - began, proved=False)
        ok = problem is None
        return Proof(subject, ok=ok, detail=problem or "", seconds=time.monotonic() - began, proved=ok)


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""
