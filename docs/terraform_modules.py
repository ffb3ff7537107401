"""Write the tables in the READMEs of the Terraform modules from their variables and outputs."""

import re
from collections.abc import Iterator
from pathlib import Path

MODULES = Path(__file__).parent.parent / "src" / "platinfra" / "targets" / "aws" / "modules"
BEGIN, END = "<!-- variables:begin -->", "<!-- variables:end -->"
# `terraform fmt` decides how a block looks: it ends with a brace at the margin, its arguments are indented by two.
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)
_ARGUMENT = r"^  {} *= *(.*?)(?=^  [a-z]|\Z)"
_LONGEST = 60


def main() -> None:
    """Rewrite every README."""
    for module in modules():
        (module / "README.md").write_text(render(module), encoding="utf-8")


def modules() -> list[Path]:
    """Return the folders of the modules."""
    return sorted(found.parent for found in MODULES.glob("*/README.md"))


def render(module: Path) -> str:
    """Return the README of a module with its tables up to date."""
    before, begin, rest = (module / "README.md").read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{module.name}/README.md has no place for its tables: {BEGIN} and {END}")
    return "\n".join([f"{before}{BEGIN}", *tables(module), f"{END}{after}"])


def tables(module: Path) -> Iterator[str]:
    """Yield the table of variables, then that of outputs."""
    yield from ("| variable | type | default | |", "| --- | --- | --- | --- |")
    for name, body in blocks(module, "variable"):
        yield f"| `{name}` | {_type(body)} | {_default(body)} | {_description(body)} |"
    yield from ("", "| output | |", "| --- | --- |")
    for name, body in blocks(module, "output"):
        yield f"| `{name}` | {_description(body)} |"


def blocks(module: Path, kind: str) -> Iterator[tuple[str, str]]:
    """Yield name and body of each variable or output, in the order of the file."""
    text = (module / f"{kind}s.tf").read_text(encoding="utf-8")
    return ((name, body) for found, name, body in _BLOCK.findall(text) if found == kind)


def _argument(body: str, name: str) -> str | None:
    """Return the expression of an argument, on one line."""
    found = re.search(_ARGUMENT.format(name), body, re.MULTILINE | re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"^ *#.*$", "", found[1], flags=re.MULTILINE)).strip() if found else None


def _type(body: str) -> str:
    kind = _argument(body, "type") or "any"
    kind = re.sub(r"\(\{.*\}\)", "({…})", kind)
    return f"`{kind}`"


def _default(body: str) -> str:
    default = _argument(body, "default")
    if default is None:
        return "required"
    return f"`{default}`" if len(default) <= _LONGEST else "see `variables.tf`"


def _description(body: str) -> str:
    text = (_argument(body, "description") or "").strip('"')
    return text.replace('\\"', '"').replace("|", "\\|")


if __name__ == "__main__":
    main()
