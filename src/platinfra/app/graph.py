"""Draw a stack: as text, Mermaid or SVG."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from platinfra.app.workspace import at
from platinfra.model.graph import Graph
from platinfra.resolve.workspace import resolve_workspace

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN, _TOP = 170, 44, 90, 34, 20, 60
_STEP_X, _STEP_Y = _WIDTH + _GAP_X, _HEIGHT + _GAP_Y
_ARROW = (
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#64748b"/></marker></defs>'
)


def graph(file: Path | None, environment: str | None, without: tuple[str, ...], form: str) -> str:
    """Return the stack as `text`, `mermaid` or `svg`; raise PlatinfraError when the file is wrong."""
    drawn = resolve_workspace(at(file, environment), without).graph
    return {"text": as_text, "mermaid": as_mermaid, "svg": as_svg}[form](drawn)


def as_text(graph: Graph) -> str:
    """Return one paragraph per component: its stages and its wires."""
    lines = [f"{graph.stack} on {graph.target}"]
    for component in graph.components.values():
        lines.append(f"{component.name}  ({component.purpose})")
        lines += [
            f"  └─ {each.name} → {each.provider}  [{', '.join(each.access) or 'uses'}]"
            for each in graph.bindings_of(component.name)
        ]
    return "\n".join(lines)


def as_mermaid(graph: Graph) -> str:
    """Return a Mermaid flowchart."""
    lines = ["flowchart LR"]
    for component in graph.components.values():
        below = (*component.stages, component.reason) if component.stages else ()
        label = "<br/>".join([f"<b>{component.name}</b>", *filter(None, below)])
        lines.append(f'  {_node(component.name)}["{label}"]')
    lines += [f"  {_node(consumer)} -->|{names}| {_node(provider)}" for consumer, provider, names in _wires(graph)]
    return "\n".join(lines)


def _node(name: str) -> str:
    return name.replace("-", "_")


def _wires(graph: Graph) -> Iterator[tuple[str, str, str]]:
    pairs: dict[tuple[str, str], list[str]] = {}
    for binding in graph.bindings:
        pairs.setdefault((binding.consumer, binding.provider), []).append(binding.name)
    return ((consumer, provider, ", ".join(names)) for (consumer, provider), names in pairs.items())


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything of a picture is, in pixels."""

    width: int
    height: int
    boxes: Mapping[str, tuple[int, int]]
    """Component to the upper left corner of its box."""
    wires: tuple[tuple[str, str, str, str], ...]
    """Consumer, provider, what the wires between them are called, and the path of their line."""


BOX = (_WIDTH, _HEIGHT)
"""Width and height of a box."""


def draw(graph: Graph) -> Drawing:
    """Place the components: consumers left of what they use, wires over several columns bent around what is between."""
    columns = _columns(graph)
    tallest = max(map(len, columns))
    place = {
        name: (_MARGIN + column * _STEP_X, _TOP + row * _STEP_Y + (tallest - len(names)) * _STEP_Y // 2)
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    return Drawing(
        width=_MARGIN * 2 + len(columns) * _STEP_X - _GAP_X,
        height=_TOP + _MARGIN + tallest * _STEP_Y - _GAP_Y,
        boxes=place,
        wires=tuple(
            (first, second, names, _path(place[first], place[second])) for first, second, names in _wires(graph)
        ),
    )


def as_svg(graph: Graph) -> str:
    """Return an SVG picture."""
    drawing = draw(graph)
    place, width, height = drawing.boxes, drawing.width, drawing.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(graph.stack)} on {graph.target}</title>",
        _ARROW,
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *(_line(path, names) for _, _, names, path in drawing.wires),
        *(
            _box(place[each.name], each.name, ", ".join(each.stages) or "inferred")
            for each in graph.components.values()
        ),
        "</svg>",
    ]
    return "\n".join(parts)


def _columns(graph: Graph) -> list[list[str]]:
    """Return the components by the longest way to them from one that nothing uses."""
    depth = dict.fromkeys(graph.components, 0)
    for _ in graph.components:  # clients may use each other; after as many rounds as components the rest is a circle
        for each in graph.bindings:
            depth[each.provider] = min(max(depth[each.provider], depth[each.consumer] + 1), len(depth) - 1)
    used = sorted(set(depth.values()))
    return [[name for name, value in depth.items() if value == column] for column in used]


def _line(path: str, names: str) -> str:
    return f'<path d="{path}" fill="none" stroke="#94a3b8" marker-end="url(#a)"><title>{escape(names)}</title></path>'


def _path(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x2, y2 = end[0], end[1] + _HEIGHT // 2
    between = max((x2 - x1) // _STEP_X, 0)
    bend = _GAP_X // 2 + between * _STEP_X // 4
    above = y2 <= y1 or between > 1
    lift = (-1 if above else 1) * between * _STEP_Y
    return f"M{x1} {y1}C{x1 + bend} {y1 + lift} {x2 - bend} {y2 + lift} {x2} {y2}"


def _box(at_: tuple[int, int], name: str, stages: str) -> str:
    x, y = at_
    fitted = stages if len(stages) <= 28 else f"{stages[:27]}…"
    return (
        f'<g font-family="ui-sans-serif, system-ui, sans-serif"><title>{escape(stages)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#f1f5f9" stroke="#475569"/>'
        f'<text x="{x + 12}" y="{y + 19}" font-size="13" font-weight="600" fill="#0f172a">{escape(name)}</text>'
        f'<text x="{x + 12}" y="{y + 34}" font-size="10" fill="#475569">{escape(fitted)}</text></g>'
    )
