"""What every target does that has a cluster: its own, or the one of a cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platinfra.targets import kubernetes
from platinfra.targets.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from platinfra.model.workspace import Workspace
    from platinfra.resolve.resolve import Resolved
    from platinfra.targets.answers import ComponentStatus, ImageStatus, Page
    from platinfra.targets.kubernetes.bundle import Bundle
    from platinfra.targets.kubernetes.verbs.running import InCluster


class Clustered(Target):
    """A target with pods; it says what goes into its cluster and what runs there."""

    reserved = ("default", "kube-*")
    """Of the cluster itself: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/."""

    def bundle(self, stack: Resolved, *, digests: bool = True) -> Bundle | None:
        """Return what of a stack is in a cluster, None when nothing is; without `digests` images keep their tags."""

    def running(self, workspace: Workspace) -> InCluster:
        """Return what was brought into the cluster; raise PlatinfraError when nothing was."""
        raise self.missing("status")

    def status(self, workspace: Workspace) -> list[ComponentStatus]:
        """Ask the cluster how each component is."""
        return kubernetes.verbs.running.statuses(self.running(workspace))

    def logs(
        self, workspace: Workspace, component: str | None, *, lines: int, follow: bool
    ) -> Iterator[tuple[str, str]]:
        """Yield pod and line."""
        return kubernetes.verbs.running.lines(self.running(workspace), component, count=lines, follow=follow)

    def pages(self, workspace: Workspace) -> Mapping[str, str]:
        """Return the components that have a page, with their addresses."""
        return kubernetes.verbs.running.addresses(self.running(workspace))

    def page(self, workspace: Workspace, component: str) -> Page:
        """Return the page of a component: its route, or a tunnel."""
        return kubernetes.verbs.running.page(self.running(workspace), component)

    def images(self, stack: Resolved) -> list[ImageStatus]:
        """Return the images that are built from the tools' locks."""
        return kubernetes.verbs.images.images(self._pods(stack))

    def build_images(
        self, stack: Resolved, report: Callable[[str], None], *, base: str | None, push: bool
    ) -> list[ImageStatus]:
        """Build them, and push them if asked."""
        return kubernetes.verbs.images.build(self._pods(stack), report, base=base, push=push)

    def lock_images(
        self, stacks: Sequence[Resolved], report: Callable[[str], None], *, everywhere: bool
    ) -> list[ImageStatus]:
        """Write the digests of all images beside the stack file."""
        bundles = [self._pods(each, digests=False) for each in stacks]
        return kubernetes.verbs.images.lock(stacks[0].workspace, bundles, report, everywhere=everywhere)

    def _pods(self, stack: Resolved, *, digests: bool = True) -> Bundle:
        found = self.bundle(stack, digests=digests)
        if found is None:
            raise self.missing("images")
        return found
