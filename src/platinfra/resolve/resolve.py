"""Bind every requirement of a stack: stack and catalog become a graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, Span, refuse
from platinfra.document import Path_
from platinfra.model.graph import Component, Graph
from platinfra.model.ground import Ground
from platinfra.model.workspace import DEFAULT, Workspace
from platinfra.resolve import named_grounds, overrides
from platinfra.resolve.bindings import Binder
from platinfra.resolve.components import members
from platinfra.resolve.environment import chosen_environment
from platinfra.resolve.order import circles
from platinfra.resolve.recipes import idle_machine
from platinfra.resolve.settings import settings_of
from platinfra.sections.section import Deployment, Provider, User
from platinfra.spec.load import Stack
from platinfra.spec.shape import locate

_MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Resolved:
    """A graph and what people should know about how it came to be."""

    workspace: Workspace
    catalog: Catalog = field(repr=False)
    graph: Graph
    provider: Provider
    """What the file says of its target; each target has its own type."""
    deployment: Deployment
    users: tuple[User, ...]
    size: str | None
    """How much of everything there is to be, where the file says so; `small` otherwise."""
    environments: tuple[str, ...]
    """All that the file has."""
    warnings: tuple[Diagnostic, ...]
    ground: Ground
    overrides: Mapping[Path_, Span] = field(default_factory=dict)
    """Where each value of a chart stands that the file overrides: component and keys to place."""
    project_span: Span | None = None
    """Where the file names the project's requirements."""
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Where each component stands that the file names."""

    @property
    def strangers(self) -> list[Component]:
        """Return the components whose tools come from the project or another package."""
        return [each for each in self.graph.components.values() if not self.catalog.is_own(each.tool)]


def resolve(
    stack: Stack,
    catalog: Catalog,
    *,
    environment: str | None = None,
    workspace: Workspace | None = None,
    without: tuple[str, ...] = (),
) -> Resolved:
    """Return the graph of `stack` in the environment of the workspace; raise PlatinfraError with every problem at once."""
    workspace = workspace or Workspace(Path(stack.document.file), environment or DEFAULT)
    chosen = chosen_environment(stack, workspace.environment)
    problems = list(stack.problems)
    named = members(chosen, catalog, without, problems)
    components = {
        name: member.component(settings_of(member, problems, chosen.size or "small")) for name, member in named.items()
    }
    bound = Binder(named, components, catalog, chosen, problems).run()
    problems += circles(bound.bindings, bound.members)
    problems += overrides.problems(bound.members, chosen)
    if not problems and (idle := idle_machine(bound.components.values(), chosen.ground)):
        problems.append(replace(idle, span=chosen.destination.where("deployment", "type", key=True)))
    refuse(_in_order(problems, stack.document.file))
    graph = Graph(
        stack=chosen.file.name,
        environment=chosen.name,
        target=chosen.target,
        components=bound.components,
        bindings=tuple(bound.bindings),
        notes=(
            *(note for each in named.values() for note in each.notes),
            *named_grounds.notes(chosen, catalog),
            *bound.notes,
        ),
        project={"requirements": chosen.file.project.requirements} if chosen.file.project.requirements else {},
    )
    return Resolved(
        workspace=workspace,
        catalog=catalog,
        graph=graph,
        provider=chosen.destination.provider,
        deployment=chosen.destination.deployment,
        users=tuple(chosen.file.users),
        size=chosen.size,
        environments=tuple(chosen.file.environments),
        warnings=(*stack.warnings, *bound.warnings),
        ground=chosen.ground,
        overrides=overrides.spans(chosen),
        project_span=stack.document.value_span(locate(stack.document, ("project", "requirements"))),
        spans={name: each.span for name, each in named.items() if each.span},
    )


def _in_order(problems: list[Diagnostic], file: str) -> list[Diagnostic]:
    problems.sort(key=lambda each: (each.span.line, each.span.column) if each.span else (0, 0))
    rest = len(problems) - _MAX_PROBLEMS
    if rest <= 0:
        return problems
    return [*problems[:_MAX_PROBLEMS], Diagnostic("many-problems", f"`{file}` has {rest} more problems")]
