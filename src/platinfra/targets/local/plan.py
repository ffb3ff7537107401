"""Turn a graph into the actions that make it run on this machine."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.entry import Argument
from platinfra.catalog.machine import Command as CommandEntry
from platinfra.catalog.machine import LocalRun, Process
from platinfra.catalog.versions import VERSION
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.digest import digest_of
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.plan import Action, Plan
from platinfra.model.reference import Text, secrets
from platinfra.model.template import ABSENT
from platinfra.resolve.order import ordering
from platinfra.targets.local.actions import (
    Command,
    InstallClient,
    InstallEnvironment,
    Prepare,
    RunCommands,
    Start,
    WriteVariables,
    client_digest,
)
from platinfra.targets.local.clients import client_env, client_lock, login_env, used_by
from platinfra.targets.local.data_version import DataVersion
from platinfra.targets.local.facts import HOST, Machine, MachineFacts, MachineValues, locks
from platinfra.targets.local.move_data import Copies, MoveData
from platinfra.targets.local.ready import Address, is_required
from platinfra.targets.local.record import LocalRecord, record_of

CLIENT = "environment:client"
_NO_RECIPE = LocalRun()


def plan(graph: Graph, catalog: Catalog, machine: Machine) -> Plan[LocalRecord]:
    """Return the plan for `graph`."""
    values = MachineFacts(graph, catalog, machine).values
    planner = _Planner(values)
    actions = [action for component in graph.components.values() for action in planner.actions(component)]
    ordered = _order([*planner.environments(), *planner.client(), *actions])
    return Plan(tuple(ordered), record_of(values))


def _order(actions: Sequence[Action]) -> Iterator[Action]:
    """Yield actions so that each comes after those it needs, otherwise in the given order."""
    by_key = {action.key: action for action in actions}
    done: set[str] = set()

    def visit(action: Action) -> Iterator[Action]:
        if action.key in done:
            return
        done.add(action.key)
        for key in action.after:
            yield from visit(by_key[key])
        yield action

    for action in actions:
        yield from visit(action)


class _Planner:
    def __init__(self, values: MachineValues) -> None:
        self.values = values
        self.graph = values.graph
        self.catalog = values.catalog
        self.machine = values.facts.machine
        self.layout = values.facts.machine.layout
        self.locks = locks(values.graph, values.catalog)

    def environments(self) -> Iterator[Action]:
        """Yield one installation per tool that starts something."""
        for tool, lock in self.locks.items():
            recipe = self.catalog.get(tool).run.local
            if recipe and (recipe.processes or recipe.setup or recipe.ready or recipe.grants):
                first = next(each.name for each in self.graph.components.values() if each.tool == tool)
                summary = f"install {lock.parent.name} {tool.partition(VERSION)[2]}".rstrip()
                yield InstallEnvironment(key=f"environment:{tool}", component=first, summary=summary, lock=lock)

    def client(self) -> Iterator[Action]:
        """Yield what code that uses the stack needs: its variables, and its packages if there are any."""
        env = client_env(self.graph.components, self.values)
        yield WriteVariables(
            key="variables:client",
            component="client",
            summary="write the variables of the stack's clients",
            file=self.layout.client_env,
            env=env,
        )
        lock, packages = client_lock(self.values)
        if packages or lock != self.layout.client_lock:
            yield InstallClient(
                key=CLIENT,
                component="client",
                summary="install the client environment",
                lock=lock,
                packages=packages,
                link=self.layout.client_venv,
            )

    def actions(self, component: Component) -> Iterator[Action]:
        """Yield what one component needs; nothing where it is there already."""
        recipe = self.recipe(component)
        if _is_left_alone(component, recipe):
            return
        yield (prepare := self.prepare(component, recipe))
        if recipe.version:
            yield self.move(component, recipe, prepare)
        for name in recipe.processes:
            yield self.start(component, recipe, name, prepare)
        if recipe.ready:
            commands = tuple(self.command(component, recipe, each, "ready") for each in recipe.ready)
            after = (self.environment(component), *self.starts(component))
            yield RunCommands(
                key=f"ready:{component.name}",
                component=component.name,
                after=_known_keys(after),
                commands=commands,
                summary=f"finish {component.name}",
                kind="ready",
            )
        for binding in self.graph.bindings_to(component.name):
            if binding.capability in recipe.grants:
                yield self.grant(component, recipe, binding)

    def recipe(self, component: Component) -> LocalRun:
        """Return how a component runs here."""
        return self.values.tool(component).run.local or _NO_RECIPE

    def environment(self, component: Component) -> str:
        """Return the key of the installation that a component's own commands need, or ''."""
        return f"environment:{component.tool}" if component.tool in self.locks else ""

    def starts(self, component: Component) -> tuple[str, ...]:
        """Return the keys of a component's processes."""
        return tuple(f"start:{component.name}.{name}" for name in self.recipe(component).processes)

    def keys_before_use(self, component: Component) -> tuple[str, ...]:
        """Return the keys after which a component can be used."""
        if _is_left_alone(component, self.recipe(component)):
            return ()
        if self.recipe(component).ready:
            return (f"ready:{component.name}",)
        return self.starts(component) or (f"prepare:{component.name}",)

    def prepare(self, component: Component, recipe: LocalRun) -> Prepare:
        """Return the preparation of a component."""
        name = component.name
        folders = (self.layout.data(name), self.layout.files(name), *self.private(component))
        texts = self.values.texts(recipe.files, component)
        files = {self.layout.files(name) / path: text for path, text in texts.items()}
        setup = tuple(self.command(component, recipe, each, "setup") for each in recipe.setup)
        after = (self.environment(component),) if setup else ()
        return Prepare(
            key=f"prepare:{name}",
            component=name,
            summary=f"prepare {name}",
            after=_known_keys(after),
            folders=folders,
            files=files,
            setup=setup,
        )

    def move(self, component: Component, recipe: LocalRun, prepare: Prepare) -> MoveData:
        """Return the move of a component's data to the version that is to run; most of the time it is of that one."""
        name, found = component.name, self.machine.data.get(component.name, DataVersion())
        return MoveData(
            key=f"data:{name}",
            component=name,
            summary=found.describe(name, recipe.version),
            after=_known_keys((prepare.key, self.environment(component), *self.providers(component))),
            version=recipe.version,
            file=self.layout.data_version(name),
            data=self.layout.data(name),
            kept=self.layout.copies(name),
            processes=tuple(f"{name}.{each}" for each in recipe.processes),
            copies=self.copies(component),
            migrate=tuple(self.command(component, recipe, each, "migrate") for each in recipe.migrate),
        )

    def copies(self, component: Component) -> Copies:
        """Return how the providers of a component copy what it has there."""
        found: list[tuple[Command, Command]] = []
        for binding in ordering(self.graph.bindings_of(component.name)):
            provider = self.graph.components[binding.provider]
            recipe = self.recipe(provider)
            if known := recipe.copies.get(binding.capability):
                keep, back = (
                    self.command(provider, recipe, each, "copies", binding=binding, privileged=True)
                    for each in (known.keep, known.put_back)
                )
                found.append((keep, back))
        return Copies(keep=tuple(keep for keep, _ in found), put_back=tuple(back for _, back in found))

    def start(self, component: Component, recipe: LocalRun, name: str, prepare: Prepare) -> Start:
        """Return the start of one process."""
        process = recipe.processes[name]
        entry = CommandEntry(command=process.command, env=process.env)
        environment = CLIENT if process.environment == "client" else self.environment(component)
        earlier = [f"start:{component.name}.{each}" for each in process.after]
        moved = f"data:{component.name}" if recipe.version else ""
        return Start(
            key=f"start:{component.name}.{name}",
            component=component.name,
            summary=f"start {component.name}.{name}",
            after=_known_keys((prepare.key, moved, environment, *earlier, *self.providers(component))),
            process=f"{component.name}.{name}",
            command=self.command(component, recipe, entry, name, client=process.environment == "client"),
            addresses=self.addresses(component, process),
            stop_signal=process.stop.signal,
            grace=process.stop.grace,
            timeout=recipe.timeout,
            inputs=digest_of(
                prepare.digest, self.inputs(component, environment), list(recipe.path), dict(component.settings)
            ),
        )

    def inputs(self, component: Component, environment: str) -> str:
        """Return the digest of the environment that a process runs in."""
        if environment == CLIENT:
            return client_digest(*client_lock(self.values))
        return str(self.machine.environments.get(component.tool, ""))

    def providers(self, component: Component) -> Iterator[str]:
        """Yield the keys of what has to be ready before a component starts."""
        for binding in ordering(self.graph.bindings_of(component.name)):
            provider = self.graph.components[binding.provider]
            if binding.capability in self.recipe(provider).grants:
                yield f"grant:{binding.consumer}.{binding.name}"
            else:
                yield from self.keys_before_use(provider)

    def grant(self, provider: Component, recipe: LocalRun, binding: Binding) -> RunCommands:
        """Return the command by which a provider admits one consumer."""
        command = self.command(
            provider, recipe, recipe.grants[binding.capability], "grants", binding=binding, privileged=True
        )
        return RunCommands(
            key=f"grant:{binding.consumer}.{binding.name}",
            component=provider.name,
            after=_known_keys((self.environment(provider), *self.keys_before_use(provider))),
            commands=(command,),
            summary=f"grant {binding.consumer} {', '.join(binding.access)}",
            kind="grant",
        )

    def addresses(self, component: Component, process: Process) -> tuple[Address, ...]:
        """Return the endpoints that a process serves."""
        endpoints = self.values.tool(component).endpoints
        return tuple(
            Address(
                name=name,
                host=HOST,
                port=self.values.facts.port(component.name, name),
                ready=self._below(component, name, endpoints[name].ready),
                probe=self._below(component, name, endpoints[name].probe),
                required=is_required(self.values.tool(component), name),
            )
            for name in process.endpoints
        )

    def _below(self, component: Component, endpoint: str, path: str | None) -> str | None:
        return f"{self.values.url(component, endpoint)}{path}" if path else None

    def command(
        self,
        component: Component,
        recipe: LocalRun,
        entry: CommandEntry,
        log: str,
        *,
        binding: Binding | None = None,
        client: bool = False,
        privileged: bool = False,
    ) -> Command:
        """Return a command with the environment that the component's wires call for."""
        command = tuple(self.arguments(entry.command, component, binding))
        if any(list(secrets(each)) for each in command):
            raise PlatinfraError(
                Diagnostic(
                    "secret-in-arguments",
                    f"the tool `{component.tool}` puts a secret into a command line",
                    hint="pass it by `env` or `files`",
                )
            )
        own = {**recipe.env, **entry.env}
        env = {
            **self.surroundings(component, recipe, client=client),
            **self.values.texts(own, component, binding),
        }
        unprivileged = recipe.unprivileged and not privileged
        creates = self.plain(entry.creates, component) if entry.creates else None
        return Command(
            command=command,
            env=env,
            cwd=self.layout.work(component.name),
            log=self.layout.log(component.name, log),
            unprivileged=unprivileged,
            owned=(self.layout.data(component.name), *self.private(component)) if unprivileged else (),
            creates=Path(creates) if creates else None,
            timeout=entry.timeout,
            surroundings=frozenset({"PATH", "TMPDIR", *self.machine.passed}) - own.keys(),
        )

    def private(self, component: Component) -> tuple[Path, ...]:
        """Return the folders in which a component's processes may leave what they like."""
        return tuple(each(component.name) for each in (self.layout.home, self.layout.work, self.layout.temporary))

    def arguments(self, entries: Sequence[Argument], component: Component, binding: Binding | None) -> Iterator[Text]:
        """Yield a command's arguments; a group that mentions something unbound disappears."""
        for entry in entries:
            if isinstance(entry, str):
                yield self.values.sure(entry, component, binding)
                continue
            group = [self.values.text(each, component, binding) for each in entry]
            if ABSENT not in group:
                yield from (each for each in group if each is not ABSENT)

    def plain(self, template: str, component: Component) -> str:
        """Return a template that holds no secret as a string."""
        return "".join(map(str, self.values.sure(template, component)))

    def surroundings(self, component: Component, recipe: LocalRun, *, client: bool) -> Mapping[str, Text]:
        """Return the variables of every process of a component: private places, and the clients of what it uses."""
        extra = [self.plain(each, component) for each in recipe.path]
        venv = self.layout.client_venv if client else self.machine.environments.get(component.tool)
        path = [str(venv / "bin")] if venv else []
        plain = {
            **self.machine.passed,
            "PATH": ":".join([*path, *(each for each in extra if each), self.machine.path]),
            "HOME": str(self.layout.home(component.name)),
            "TMPDIR": str(self.layout.temporary(component.name)),
            "LANG": "C.UTF-8",
            "PLATINFRA_COMPONENT": component.name,
        }
        own = {key: (value,) for key, value in plain.items()}
        used = client_env(used_by(component.name, self.values), self.values)
        return {**used, **login_env(component.name, self.values), **own}


def _is_left_alone(component: Component, recipe: LocalRun) -> bool:
    """Tell whether nothing has to be done here for a server that is there already."""
    return bool(component.at) and not (recipe.grants or recipe.files)


def _known_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for key in keys if key))
