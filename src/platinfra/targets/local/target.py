"""The target `local`: a stack as processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from platinfra.model.ground import Ground
from platinfra.targets.target import Target

if TYPE_CHECKING:
    from platinfra.model.workspace import Workspace
    from platinfra.resolve.resolve import Resolved
    from platinfra.targets.answers import (
        Applied,
        ComponentStatus,
        Data,
        Ended,
        Finding,
        Page,
        Permissions,
        Planned,
        Proof,
        Talk,
    )

# start-up time: what a verb needs is imported when it is used


class Local(Target):
    """One machine: the one that platinfra runs on."""

    name = "local"
    grounds = (Ground("local", "process", ("machine",)),)
    alternatives = MappingProxyType(
        {
            "drift": "`platinfra status` shows component health, and `platinfra up` fixes what differs",
            "render": "`platinfra plan` shows what `platinfra up` would do",
            "images": "images are for stacks on Kubernetes",
            "unlock": "a local lock is released when the command that holds it ends",
            "permissions --operator": "it shows what `up` needs in an AWS account",
        }
    )

    def check(self, stack: Resolved) -> None:
        """Raise PlatinfraError for a folder and a project that this machine cannot use."""
        from platinfra.targets.local.verbs.refusals import refuse_unusable

        refuse_unusable(stack.workspace, stack.graph)

    def plan(self, stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
        """Compare a stack with what was applied last and with what runs."""
        from platinfra.targets.local.verbs.plan import plan

        return plan(stack)

    def up(self, stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
        """Start what is missing, change what differs, remove what is gone."""
        from platinfra.targets.local.verbs.up import up

        return up(stack, talk, move_ports=move_ports)

    def down(self, workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
        """Stop everything that the state names, and whatever else of the stack still runs."""
        from platinfra.targets.local.verbs.down import down

        return down(workspace, data, talk)

    def status(self, workspace: Workspace) -> list[ComponentStatus]:
        """Ask the supervisor and every readiness address."""
        from platinfra.targets.local.verbs.status import status

        return status(workspace)

    def logs(
        self, workspace: Workspace, component: str | None, *, lines: int, follow: bool
    ) -> Iterator[tuple[str, str]]:
        """Yield process and line."""
        from platinfra.targets.local.verbs.logs import logs

        return logs(workspace, component, lines=lines, follow=follow)

    def pages(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the components that have a page, with their addresses."""
        from platinfra.targets.local.verbs.pages import pages

        return pages(workspace)

    def page(self, workspace: Workspace, component: str) -> Page:
        """Return the page of a component; raise PlatinfraError when it has none."""
        from platinfra.targets.local.verbs.pages import page

        return page(workspace, component)

    def permissions(self, stack: Resolved) -> Permissions:
        """Return the wires and how this machine enforces them."""
        from platinfra.targets.local.policy import permissions

        return permissions(stack.graph, stack.catalog)

    def policy(self, stack: Resolved) -> str:
        """Return the SQL and the folders that enforce the permissions."""
        from platinfra.targets.local.policy import statement

        return "\n".join(statement(each, stack.graph, stack.catalog) for each in stack.graph.bindings)

    def doctor(self, stack: Resolved) -> Iterator[Finding]:
        """Look at the ports of a stack."""
        from platinfra.targets.local.verbs.doctor import findings

        return findings(stack)

    def environment(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the variables that a client of the stack needs."""
        from platinfra.targets.local.verbs.running import running

        return running(workspace, up=True).client_env()

    def command_environment(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the caller's environment with what a client of the stack needs."""
        from platinfra.targets.local.verbs.running import running

        return running(workspace, up=True).command_env()

    def prove(self, workspace: Workspace, component: str | None, report: Callable[[Proof], None]) -> list[Proof]:
        """Prove components and wires through the tools' real clients."""
        from platinfra.targets.local.verbs.check import prove

        return prove(workspace, component, report)

    def restart(self, workspace: Workspace, component: str, talk: Talk) -> None:
        """Restart one component."""
        from platinfra.targets.local.verbs.restart import restart

        restart(workspace, component, talk.emit)


TARGET = Local()
