"""What commands are told of a target, and what a target is told of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from platinfra.diagnostics import Diagnostic
    from platinfra.model.event import Event
    from platinfra.model.graph import Binding, Graph
    from platinfra.model.log_page import LogPage
    from platinfra.model.plan import Change
    from platinfra.resolve.resolve import Resolved

Data = Literal["keep", "delete"]
"""What becomes of a stack's data."""
Format = Literal["helm", "manifests", "argocd", "flux"]
"""How what goes into a cluster is written down."""


@dataclass(frozen=True, slots=True)
class Talk:
    """How a command tells what happens, and how it asks before something is lost."""

    emit: Callable[[Event], None]
    may_remove: Callable[[list[str]], bool] = lambda _: True
    """Asked with the components that are no longer in the file."""
    may_change: Callable[[str, Sequence[Change]], bool] = lambda *_: True
    """Asked with the stack's name before something outside the stack's own folder and cluster is changed."""
    may_move: Callable[[Sequence[str]], bool] = lambda _: False
    """Asked with a sentence for each port that somebody else has, before components get other ports."""
    may_delete: Callable[[str], bool] = lambda _: True
    """Asked with the stack's name before its data is deleted."""
    why: str = ""
    """A person's reason, for the audit log."""


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes of one half of a stack: of what Terraform makes, of what is in a cluster, of processes."""

    title: str
    changes: tuple[Change, ...] | None
    """None when the world was not looked at."""
    unseen: str = ""
    """Why it was not, in a sentence."""
    declared: tuple[Mapping[str, Any], ...] = ()
    """What there is to be, a row each, shown where the world was not looked at."""
    nothing: str = "nothing to do"
    """Said when there are no changes."""
    summed: bool = False
    """Show how many things each component creates instead of a line for each."""
    notes: tuple[str, ...] = ()
    """What has to be there already, a sentence each."""

    @property
    def is_empty(self) -> bool:
        """Tell whether the world was looked at and nothing would change."""
        return self.changes is not None and all(each.verb == "unchanged" for each in self.changes)


@dataclass(frozen=True, slots=True)
class CostDriver:
    """Something that a stack pays for, and which part of its file lowers that."""

    component: str
    what: str
    knob: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What `up` would do with a stack."""

    stack: Resolved
    parts: tuple[Part, ...]
    warnings: tuple[Diagnostic, ...] = ()
    costs: tuple[CostDriver, ...] = ()
    """What costs most, in order, where the target knows."""

    @property
    def is_empty(self) -> bool:
        """Tell whether everything was looked at and `up` would change nothing."""
        return all(each.is_empty for each in self.parts)


@dataclass(frozen=True, slots=True)
class Applied:
    """What `up` did, for people."""

    planned: Planned
    addresses: tuple[tuple[str, str], ...] = ()
    """What is where: components and their addresses, a cluster, a namespace."""
    notes: tuple[str, ...] = ()
    """What people should know, and the commands that come next."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a stack that was taken down, for people."""

    text: str
    kept: tuple[str, ...] = ()
    """Where data is that was kept."""


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """One component as it is now."""

    name: str
    tool: str
    stages: tuple[str, ...]
    health: str
    """`healthy`, `waiting` (for something it names), `preparing` (something to serve), `starting`, `failed` or `stopped`."""
    detail: str
    version: str
    address: str
    memory: int
    """Resident bytes."""
    restarts: int
    permissions: int
    """Verbs that its wires grant it."""
    seconds: float = 0.0
    """Since its youngest process was started; 0 where none runs."""

    @property
    def is_fine(self) -> bool:
        """Tell whether nobody has to do anything."""
        return self.health in {"healthy", "waiting", "preparing"}


@dataclass(frozen=True, slots=True)
class Page:
    """Where a component's page is."""

    shown: str
    opened: str
    """What a browser opens: a private file where a login is part of the link."""
    tunnel: tuple[str, ...] = ()
    """The command that makes the page of another machine appear here; it lasts until it is interrupted."""
    programs: tuple[str, ...] = ()
    """What the tunnel takes beside its own program."""


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack as it was brought up, without secrets."""

    graph: Graph
    addresses: Mapping[str, Mapping[str, str]]
    """Component to its addresses by name."""
    variables: Mapping[str, Mapping[str, str]]
    """Component to the variables that its clients get; secrets are only named."""
    with_login: frozenset[str]
    """Components whose page `open` logs in to."""


class LogReader(Protocol):
    """Reads the logs of a stack piece by piece, never a whole file; secrets of the stack are left out."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Return the component of each log, by the name of the log."""

    def before(self, source: str, end: int | None, lines: int) -> LogPage:
        """Return the last lines that end at or before a byte, or at the end of the log."""

    def after(self, source: str, start: int) -> LogPage:
        """Return the lines that were added after a byte, not more than one block of them."""


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What `render` writes."""

    name: str
    """The usual name of the folder."""
    files: Mapping[str, bytes]
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How artifacts are to be written."""

    kind: Format = "helm"
    state: bool = False
    """Name the place of the state that `up` uses."""
    outputs: Path | None = None
    """A file with what `terraform output -json` printed; without it, what only Terraform knows keeps its name."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One wire's verbs and how they are enforced on the target."""

    component: str
    provider: str
    capability: str
    verbs: tuple[str, ...]
    wire: str
    enforced: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """One statement of IAM or of a cluster, to be read: who may do what to what, and why."""

    role: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    wire: str
    """`component.requirement (verb)`, or what else asked for it."""
    reason: str
    """Why a resource is `*`; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The permissions of a stack: its wires, and the statements that follow from them."""

    grants: tuple[Grant, ...]
    statements: tuple[Allowed, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at on this machine."""

    subject: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, or why it failed."""

    subject: str
    """A component, or a wire `consumer → provider`."""
    ok: bool
    """Nothing is wrong."""
    detail: str
    seconds: float
    proved: bool
    """It was seen to work; not so where there was nothing to prove it with yet, such as a model."""


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """One image of a stack and what became of it."""

    tool: str
    name: str
    state: str
    """`needed`, `here`, `built` or `pushed`; after `lock` `locked` or `left out`."""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one thing costs in a month, by a price that was given."""

    component: str
    what: str
    quantity: Decimal
    """Of a month, in `unit`."""
    unit: str
    price: Decimal
    """Of one unit."""
    month: Decimal
    knob: str
    """What of the stack file lowers it."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """What a stack also pays for, without a price."""

    component: str
    what: str
    why: str
    knob: str


@dataclass(frozen=True, slots=True)
class Costs:
    """What a stack costs in a month, as far as prices were given."""

    lines: tuple[CostLine, ...]
    uncounted: tuple[Uncounted, ...]
    currency: str

    @property
    def total(self) -> Decimal:
        """Return the sum of the lines."""
        return sum((each.month for each in self.lines), Decimal())


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """How the registry of models of a running stack is asked, and what serves its models."""

    component: str
    api: str
    """Of which kind it is, as its tool says: `mlflow`."""
    url: str
    login: tuple[str, ...] = field(repr=False)
    """What requests carry: nothing, a bearer token, or a user and a password."""
    servers: Mapping[str, str]
    """Component to the address that says what it serves."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds the state of a stack, and since when."""

    stack: str
    who: str
    operation: str
    since: str


def grant(binding: Binding, enforced: str) -> Grant:
    """Return a wire's verbs with how they are enforced."""
    wire = f"{binding.consumer}.{binding.name}"
    return Grant(binding.consumer, binding.provider, binding.capability, binding.access, wire, enforced)
