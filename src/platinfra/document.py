"""YAML text becomes plain data that remembers where every key and value stood."""

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from platinfra.diagnostics import Diagnostic, PlatinfraError, Span

MAX_BYTES = 1024 * 1024
MAX_NODES = 100_000
"""Nodes after aliases are expanded; a file under 1 MiB without aliases stays below it in practice."""
MAX_DEPTH = 40

Path_ = tuple[str | int, ...]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOLEAN_WORDS = frozenset({"y", "n", "yes", "no", "on", "off"})


class Spans(Mapping[Path_, Span]):
    """The span of each node by its path, worked out when somebody asks: few are ever shown."""

    def __init__(self, nodes: Mapping[Path_, yaml.Node], span: Callable[[yaml.Node], Span]) -> None:
        """Take the nodes of a file, and what says where one stands."""
        self._nodes, self._span = nodes, span

    def __getitem__(self, path: Path_) -> Span:
        """Return where the node of a path stands; raise KeyError when there is none."""
        return self._span(self._nodes[path])

    def __iter__(self) -> Iterator[Path_]:
        """Yield the paths."""
        return iter(self._nodes)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._nodes)


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one YAML file, with the span of every key and value by its path."""

    file: str
    data: Any
    values: Mapping[Path_, Span] = field(repr=False)
    keys: Mapping[Path_, Span] = field(repr=False)
    texts: Mapping[Path_, str] = field(repr=False)
    """How scalars were written, by path."""
    problems: tuple[Diagnostic, ...] = ()
    """What is wrong but leaves the rest readable: doubled keys, values that YAML reads as something else."""

    def value_span(self, path: Path_) -> Span | None:
        """Return where the value at `path` stands, or the nearest value around it."""
        return self._nearest(path, self.values)

    def key_span(self, path: Path_) -> Span | None:
        """Return where the key of `path` stands, or the nearest thing around it."""
        return self.keys.get(path) or self._nearest(path, self.values)

    def _nearest(self, path: Path_, spans: Mapping[Path_, Span]) -> Span | None:
        for length in range(len(path), -1, -1):
            if path[:length] in spans:
                return spans[path[:length]]
        return None


def load_file(path: Path, *, name: str | None = None) -> Document:
    """Read a YAML file; raise PlatinfraError when it is missing, too large or not text."""
    shown = name or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            message, hint = f"`{shown}` is larger than 1 MiB", "a stack file is a few kilobytes"
            raise PlatinfraError(Diagnostic("file-too-large", message, hint=hint))
        return load_text(path.read_bytes().decode("utf-8-sig"), shown)
    except FileNotFoundError:
        hint = "write one with `platinfra init`"
        raise PlatinfraError(Diagnostic("file-not-found", f"no file `{shown}`", hint=hint)) from None
    except UnicodeDecodeError as error:
        raise PlatinfraError(Diagnostic("not-text", f"`{shown}` is not UTF-8 text (byte {error.start})")) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise PlatinfraError(Diagnostic("file-not-readable", f"cannot read `{shown}`: {reason}")) from None


def load_text(text: str, file: str) -> Document:
    """Parse YAML text; raise PlatinfraError when it cannot be read at all."""
    lines = text.splitlines()
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise PlatinfraError(_syntax_problem(error, lines, file)) from None
    except RecursionError:
        raise PlatinfraError(Diagnostic("nested-too-deep", f"`{file}` is nested too deeply")) from None
    return _Walk(file, lines).document(node)


def _syntax_problem(error: yaml.YAMLError, lines: list[str], file: str) -> Diagnostic:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    if mark is None:
        return Diagnostic("not-text", f"`{file}` holds characters that YAML does not allow")
    source = lines[mark.line] if mark.line < len(lines) else ""
    span = Span(file, mark.line + 1, mark.column + 1, mark.column + 2, source)
    if "\t" in source[: mark.column + 1] or "'\\t'" in str(error):
        return Diagnostic("tab-indentation", "YAML does not allow tabs for indentation", span, "use spaces")
    return Diagnostic("yaml-syntax", f"not valid YAML: {reason}", span)


class _Walk:
    """Turns YAML nodes into data, once, collecting problems on the way."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.values: dict[Path_, yaml.Node] = {}
        self.keys: dict[Path_, yaml.Node] = {}
        self.texts: dict[Path_, str] = {}
        self.problems: list[Diagnostic] = []
        self.nodes = 0

    def document(self, node: yaml.Node | None) -> Document:
        """Return the finished document."""
        data = None if node is None else self.value(node, ())
        values, keys = Spans(self.values, self.span), Spans(self.keys, self.span)
        return Document(self.file, data, values, keys, self.texts, tuple(self.problems))

    def note(self, code: str, message: str, node: yaml.Node, hint: str | None = None) -> None:
        """Remember what is wrong with a node."""
        self.problems.append(Diagnostic(code, message, self.span(node), hint))

    def value(self, node: yaml.Node, path: Path_) -> Any:
        """Return the data of one node."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            message = f"`{self.file}` expands to more than {MAX_NODES:,} values"
            hint = "write the values out instead of nesting aliases"
            raise PlatinfraError(Diagnostic("alias-bomb", message, self.span(node), hint))
        if len(path) > MAX_DEPTH:
            message = f"`{self.file}` is nested deeper than {MAX_DEPTH} levels"
            raise PlatinfraError(Diagnostic("nested-too-deep", message, self.span(node)))
        self.values[path] = node
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        """Return a mapping; its keys are text and each stands once."""
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node, path, result)
            if key is not None:
                self.keys[*path, key] = key_node
                result[key] = self.value(value_node, (*path, key))
        return result

    def key(self, node: yaml.Node, path: Path_, seen: Mapping[str, Any]) -> str | None:
        """Return a key as it was written, or None after noting what is wrong with it."""
        if not isinstance(node, yaml.ScalarNode):
            self.note("key-not-text", "a key has to be text", node)
            return None
        if node.tag.endswith(":merge"):
            hint = "write the keys out, or use `environments`"
            self.note("merge-key", "merge keys (`<<`) are not supported", node, hint)
            return None
        key = str(node.value)
        if key in seen:
            hint = f"first used on line {self.span(self.keys[*path, key]).line}"
            self.note("duplicate-key", f"duplicate key `{key}`", node, hint)
            return None
        return key

    def scalar(self, node: yaml.ScalarNode, path: Path_) -> Hashable:
        """Return a scalar with YAML's type, refusing the types that YAML makes by surprise."""
        text = str(node.value)
        self.texts[path] = text
        plain = not node.style
        kind = node.tag.rpartition(":")[2]
        if not node.tag.startswith("tag:yaml.org,2002:") or kind in {"binary", "python"}:
            self.note("yaml-tag", f"the tag `{node.tag}` is not supported", node)
            return text
        if plain and kind == "bool" and text.lower() in _BOOLEAN_WORDS:
            hint = f'write `"{text}"` for the text, or `true` / `false`'
            self.note("yaml-boolean", f"YAML reads `{text}` as a truth value", node, hint)
            return text
        if plain and kind == "int":
            return self.integer(node, text)
        return _plain(kind, text)

    def integer(self, node: yaml.Node, text: str) -> Hashable:
        """Return a decimal integer; octal, sexagesimal and padded numbers are traps."""
        digits = text.lstrip("+-").replace("_", "")
        if digits.isdigit() and (digits == "0" or digits[0] != "0"):
            return int(text.replace("_", "")) if len(digits) < 100 else text
        hint = f'write `"{text}"` if it is an identifier'
        self.note("yaml-octal", f"YAML does not read `{text}` as the number or text it looks like", node, hint)
        return text

    def span(self, node: yaml.Node) -> Span:
        """Return where a node stands; one that covers several lines ends with its first."""
        start, end = node.start_mark, node.end_mark
        source = self.lines[start.line] if start.line < len(self.lines) else ""
        last = end.column if end.line == start.line else len(source.rstrip())
        return Span(self.file, start.line + 1, start.column + 1, max(last, start.column + 1) + 1, source)


def _plain(kind: str, text: str) -> Hashable:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "float":
            return _number(text)
        case _:
            return text


def _number(text: str) -> Hashable:
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        return text
    return value if math.isfinite(value) else text
