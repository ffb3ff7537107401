"""Choose the provider of every requirement, and say why."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from platinfra.catalog.capability import Requirement
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, Span, did_you_mean, join_names, with_article
from platinfra.model import targets
from platinfra.model.graph import Binding, Component
from platinfra.resolve import protocols, reach, recipes, routes
from platinfra.resolve.components import Member, find_member, unknown_binds
from platinfra.resolve.environment import Chosen
from platinfra.resolve.settings import settings_of

SECRETS = "secrets"
"""The requirement of every tool with generated secrets."""


@dataclass(slots=True)
class Bound:
    """Components with their bindings, the default providers included."""

    members: dict[str, Member]
    components: dict[str, Component]
    bindings: list[Binding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)


class Binder:
    """Meets every requirement of every component, adding the target's default providers where needed."""

    def __init__(
        self,
        members: dict[str, Member],
        components: dict[str, Component],
        catalog: Catalog,
        chosen: Chosen,
        problems: list[Diagnostic],
    ) -> None:
        """Take the components as the file names them; what is wrong with their wires is added to `problems`."""
        self.bound = Bound(dict(members), dict(components))
        self.catalog = catalog
        self.chosen = chosen
        self.problems = problems
        self.by_stage: dict[str, list[str]] = {}
        self.by_capability: dict[str, list[str]] = {}
        self.absent: dict[str, list[str]] = {}
        self.beyond: dict[str, list[str]] = {}
        for member in members.values():
            self.enlist(member)

    def enlist(self, member: Member) -> None:
        """Make a component known as a provider."""
        for stage in member.stages:
            self.by_stage.setdefault(stage, []).append(member.name)
        for capability in member.tool.capabilities_in(member.place):
            self.by_capability.setdefault(capability, []).append(member.name)

    def run(self) -> Bound:
        """Bind what members need, default providers included; then what they may use, by what the stack has now."""
        queue = list(self.bound.members.values())
        self.meet_required(queue)
        joined = list(self.add_platform())
        self.meet_required(joined)
        queue += (each for each in joined if each not in queue)
        for member in routes.proxies(self.bound.members, self.chosen, self.catalog):
            self.take(member)
            for name, requirement in self.requirements(member, optional=False):
                self.meet(member, name, requirement)
            queue.append(member)
        for member in queue:
            for name, requirement in self.requirements(member, optional=True):
                if name != routes.PAGES:  # only pages that have a host are wired, below
                    self.meet(member, name, requirement)
        self.note_beyond()
        self.note_absent()
        self.refuse_shared()
        self.add_routes()
        self.bound.bindings = self.in_order()
        return self.bound

    def meet_required(self, queue: list[Member]) -> None:
        """Bind what members have to be bound to; default providers join the queue."""
        for member in queue:
            for name, requirement in self.requirements(member, optional=False):
                added = self.meet(member, name, requirement)
                if added is not None:
                    queue.append(added)
            self.problems += unknown_binds(member)

    def add_routes(self) -> None:
        """Wire what carries traffic to the pages that have a host: to the proxy where one stands before the page."""
        self.problems += routes.problems(self.bound.members, self.chosen)
        self.bound.warnings += routes.open_pages(self.bound.members, self.chosen)
        doors = routes.doors(self.bound.members, self.chosen)
        if not doors:
            return
        capability, reason = routes.carrier(self.chosen)
        named = self.by_capability.get(capability)
        if not named and (default := self.default_of(capability)):
            named = [self.join(default, reason).name]
        if not named:
            return
        member = self.bound.members[named[0]]
        requirement = member.tool.requires[routes.PAGES]
        for door, host in doors.items():
            self.add(member, routes.PAGES, requirement, door, f"its page is at {host}")

    def add_platform(self) -> Iterator[Member]:
        """Add what the target itself needs and no component asked for; yield it."""
        target = targets.get(self.chosen.ground.target)
        for capability in target.needs(self.chosen.destination.deployment):
            default = self.default_of(capability)
            if default and not self.by_capability.get(capability):
                yield self.join(default, f"the default {capability} of `{target.name}`")

    def requirements(self, member: Member, *, optional: bool) -> Iterator[tuple[str, Requirement]]:
        """Yield a member's requirements; generated secrets need a store where the target has one."""
        for name, requirement in member.tool.requires.items():
            if requirement.optional != optional:
                continue
            if not reach.is_absent(requirement, member.place, self.chosen.ground):
                yield name, requirement
            elif requirement.why:
                self.bound.notes.append(f"`{member.name}.{name}` stays unbound: {requirement.why}")
        default = self.default_of("secret_store")
        if member.tool.secrets_in(member.place) and not optional and default:
            why = f"secrets generated on `{self.chosen.target}` are kept in {default}"
            yield SECRETS, Requirement(capability="secret_store", access=["read"], tools=[default], why=why)

    def in_order(self) -> list[Binding]:
        """Return the bindings in the order of the members, each member's in that of its tool."""
        places = {
            (member.name, requirement): place
            for place, (member, requirement) in enumerate(
                (member, requirement)
                for member in self.bound.members.values()
                for requirement in (*member.tool.requires, SECRETS)
            )
        }
        return sorted(self.bound.bindings, key=lambda each: places[each.consumer, each.name])

    def default_of(self, capability: str) -> str | None:
        """Return the tool that meets a capability on the target when the stack names none."""
        ground, found = self.chosen.ground, self.catalog.find_capability(capability)
        own = targets.get(ground.target).defaults.get(capability)
        default = found.defaults.get(ground.target, own) if found else own
        return default if default and self.catalog.get(default).runs_on(ground) else None

    def meet(self, member: Member, name: str, requirement: Requirement) -> Member | None:
        """Bind one requirement; return the default provider if one had to be added."""
        self.note_remarks(member, name, requirement)
        if name in member.bind:
            self.explicit(member, name, requirement)
            return None
        candidates = list(self.find_reachable(member, name, requirement))
        if requirement.many:
            for each in candidates:
                self.add(member, name, requirement, each, f"`{each}` provides {requirement.capability}")
            if not candidates:
                self.unbound(member, requirement)
            return None
        able = self.candidates(member, requirement)
        match candidates:
            case [provider]:
                which = " that it can use" if len(able) > 1 else ""
                reason = self.bound.members[provider].reason or f"the stack's only {requirement.capability}{which}"
                self.add(member, name, requirement, provider, reason)
            case [] if strange := protocols.find_strange(requirement, self.bound.members, able):
                hint = protocols.others(requirement, self.catalog, self.chosen.ground)
                self.problems.append(protocols.problem(member, name, strange, member.span, hint))
            case []:
                return self.default(member, name, requirement)
            case several:
                hint = f"choose one: `{member.tool.name}: {{bind: {{{name}: {several[0]}}}}}`"
                message = (
                    f"`{member.name}.{name}` ({requirement.capability}) could be bound to {join_names(several, 'or')}"
                )
                self.refuse("ambiguous-binding", message, member.span, hint)
        return None

    def candidates(self, member: Member, requirement: Requirement) -> list[str]:
        """Return who could meet a requirement: the tools of the stage, else or where it cannot use them whoever provides it."""
        able = self.by_stage.get(requirement.capability, [])
        usable = any(reach.fits(requirement, self.bound.members[each].tool) for each in able)
        if not able or not (usable or requirement.optional):
            able = self.by_capability.get(requirement.capability, [])
        return [each for each in able if each != member.name]

    def find_reachable(self, member: Member, name: str, requirement: Requirement) -> Iterator[str]:
        """Yield those candidates that the consumer knows how to use and is told of; note why others are left out."""
        for each in self.candidates(member, requirement):
            tool = self.bound.members[each].tool
            if not reach.fits(requirement, tool):
                if requirement.why:
                    self.bound.notes.append(f"`{member.name}.{name}` is not bound to `{each}`: {requirement.why}")
            elif self.is_beyond(member, each):
                self.beyond.setdefault(member.name, []).append(each)
            elif reach.is_for_code(requirement, self.catalog) and not reach.tells_clients(
                tool, self.chosen.ground, member.place
            ):
                self.bound.notes.append(
                    f"`{member.name}.{name}` is not bound to `{each}`: it has no client settings here"
                )
            else:
                yield each

    def is_beyond(self, member: Member, provider: str) -> bool:
        """Tell whether jobs of a member do not reach another component."""
        found = self.bound.members[provider]
        return reach.is_beyond(member.place, found.place, found.tool)

    def services_for(self, member: Member, capability: str) -> str:
        """Return the services that do what a tool out of reach does, as the end of a hint; empty when there are none."""
        ground = self.chosen.ground
        known = (each for each in self.catalog.providers(capability) if each.find_place(ground) == "service")
        others = (each for each in known if each.name != member.tool.name)
        return f"; {hint}" if (hint := recipes.instead("in its reach would be", others, ground, "or")) else ""

    def explicit(self, member: Member, name: str, requirement: Requirement) -> None:
        """Bind what the user bound."""
        written, span = member.bind[name]
        provider = find_member(self.bound.members, written)
        if provider is None:
            hint = did_you_mean(written, self.bound.members) or f"components: {join_names(self.bound.members)}"
            self.refuse("unknown-component", f"`{written}` is not a component of the stack", span, hint)
        elif requirement.capability not in provider.tool.capabilities_in(provider.place):
            able = self.candidates(member, requirement)
            none = f"no component of the stack provides `{requirement.capability}`"
            hint = f"components that do: {join_names(able)}" if able else none
            self.refuse("wrong-binding", f"`{written}` does not provide `{requirement.capability}`", span, hint)
        elif not reach.understands(requirement, provider.tool):
            self.problems.append(protocols.problem(member, name, provider, span, "bind it to another"))
        elif not reach.fits(requirement, provider.tool):
            self.refuse("wrong-binding", f"`{member.name}.{name}` cannot use `{written}`", span, requirement.why)
        elif self.is_beyond(member, provider.name):
            message = f"`{member.name}` does not reach `{written}` in the {provider.place}: it runs outside"
            hint = f"{reach.WAYS}{self.services_for(member, requirement.capability)}"
            self.refuse("out-of-reach", message, span, hint)
        else:
            self.add(member, name, requirement, provider.name, "chosen in the file")

    def default(self, member: Member, name: str, requirement: Requirement) -> Member | None:
        """Bind the target's default provider, leave an optional requirement unbound, or note the problem."""
        target, default = self.chosen.target, self.default_of(requirement.capability)
        tool = self.catalog.find(default) if default else None
        if tool is None and not requirement.optional:
            self.unmet(member, name, requirement)
            return None
        if tool is None or requirement.optional:
            self.unbound(member, requirement)
            return None
        reason = f"the default {requirement.capability} of `{target}`"
        added = self.join(tool.name, reason)
        self.add(member, name, requirement, added.name, reason)
        return added

    def join(self, tool: str, reason: str) -> Member:
        """Add a default provider to the stack, under another name where the user gave its own to something else."""
        name = tool if tool not in self.bound.members else f"default-{tool}"
        found = self.catalog.get(tool)
        return self.take(Member(name, found, recipes.place_of(found, self.chosen.ground), None, reason))

    def take(self, member: Member) -> Member:
        """Make a component part of the stack."""
        self.bound.members[member.name] = member
        self.bound.components[member.name] = member.component(
            settings_of(member, self.problems, self.chosen.size or "small")
        )
        self.enlist(member)
        return member

    def add(self, member: Member, name: str, requirement: Requirement, provider: str, reason: str) -> None:
        """Record a binding."""
        usual = self.catalog.capability(requirement.capability).default_access
        access = usual if requirement.access is None else requirement.access
        self.bound.bindings.append(
            Binding(
                member.name,
                name,
                provider,
                requirement.capability,
                tuple(access),
                reason,
                client=requirement.client,
                whole=requirement.whole,
            )
        )

    def refuse_shared(self) -> None:
        """Refuse an existing bucket, as one names it, for a consumer that cannot share it where others use it too."""
        for each in self.bound.bindings:
            provider = self.bound.members[each.provider]
            aws = provider.tool.run.aws
            if not (each.whole and provider.place == "service" and aws and aws.existing):
                continue
            named = self.bound.components[each.provider].settings.get(aws.existing.setting)
            others = {other.consumer for other in self.bound.bindings if other.provider == each.provider}
            if named and others != {each.consumer}:
                message = f"`{each.consumer}` needs all of `{named}`, and {join_names(sorted(others - {each.consumer}))} would share it"
                tool, setting = provider.tool.name, aws.existing.setting
                hint = (
                    f"name another for it: `{tool}: {{as: {each.consumer}-store, settings: {{{setting}: …}}}}`, and "
                    f"`{each.consumer}: {{bind: {{{each.name}: {each.consumer}-store}}}}`"
                )
                self.refuse("not-shared", message, self.bound.members[each.consumer].span, hint)

    def note_remarks(self, member: Member, name: str, requirement: Requirement) -> None:
        """Note what the consumer says of tools that the stack has, bound or not."""
        for each in self.bound.members.values() if requirement.remarks else ():
            if remark := requirement.remarks.get(each.tool.name):
                self.bound.notes.append(f"`{member.name}.{name}` and `{each.name}`: {remark}")

    def unbound(self, member: Member, requirement: Requirement) -> None:
        """Remember an optional requirement that nothing meets; why a provider does not is noted already."""
        if not self.candidates(member, requirement):
            self.absent.setdefault(member.name, []).append(requirement.capability)

    def note_beyond(self) -> None:
        """Note once for each service what its jobs do not reach."""
        for name, providers in self.beyond.items():
            where = self.bound.members[providers[0]].place
            self.bound.notes.append(
                f"`{name}` runs outside the {where} and reaches services of {self.chosen.target}, but not "
                f"{join_names(dict.fromkeys(providers), 'or')}: {reach.WAYS}"
            )

    def note_absent(self) -> None:
        """Note once for each component what it would use and the stack does not have."""
        for member, capabilities in self.absent.items():
            self.bound.notes.append(
                f"`{member}` uses no {join_names(dict.fromkeys(capabilities), 'or')}: the stack has none"
            )

    def refuse(self, code: str, message: str, span: Span | None, hint: str | None) -> None:
        """Remember what is wrong with the wires."""
        self.problems.append(Diagnostic(code, message, span, hint))

    def unmet(self, member: Member, name: str, requirement: Requirement) -> None:
        """Remember a requirement that nothing meets."""
        known = (each for each in self.catalog.providers(requirement.capability) if reach.fits(requirement, each))
        none = "none that it can use" if self.candidates(member, requirement) else "none"
        wanted = with_article(requirement.capability)
        hint = recipes.instead(f"add {wanted} to the stack", known, self.chosen.ground, "or")
        message = f"`{member.name}` needs {wanted} (`{name}`), and the stack has {none}"
        self.refuse("unmet-requirement", message, member.span, hint)
