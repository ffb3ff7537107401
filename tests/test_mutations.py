"""Whatever happens to a stack file, platinfra answers with a diagnostic: never a traceback, never a hang."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import PlatinfraError
from platinfra.document import load_text
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load

ROOT = Path(__file__).parent.parent
TEAMS = """
name: x
provider: {name: aws, account-id: '210987654321', region: eu-central-1}
stack:
  experiment_tracker: [{mlflow: {as: team-b, settings: {workers: 2}}}]
users: [{name: ana, role: admin}]
deployment: {sign-in: {provider: "arn:aws:iam::210987654321:saml-provider/company"}}
environments:
  laptop: {provider: {name: local}, settings: {team-b: {workers: 1}}}
"""
TEMPLATES = sorted((ROOT / "src/platinfra/templates").glob("*.yaml"))
VALID = [
    (ROOT / "examples/quickstart/platinfra.yaml").read_text(),
    *(path.read_text().replace("NAME", "demo", 1) for path in TEMPLATES),
    TEAMS,
]
SNIPPETS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "\n",
    "\t",
    "  ",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "null",
    "yes",
    "012",
    "1e3",
    "~",
    "'",
    '"',
    "|",
    "#",
    "\x00",
    "é",
    "mlflow",
    "name: ",
    "stack:",
    "---\n",
    "${x}",
    "%",
]
CATALOG = Catalog()


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + draw(st.sampled_from(SNIPPETS) | st.text(max_size=4)) + text[end:]
    return text


def outcome(text: str) -> list[str]:
    try:
        stack = load(load_text(text, "platinfra.yaml"))
        for environment in (None, *stack.file.environments):
            resolve(stack, CATALOG, environment=environment)
    except PlatinfraError as error:
        return [each.code for each in error.diagnostics]
    return []


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_file_is_valid_or_gets_diagnostics(text: str) -> None:
    assert all(code.replace("-", "").isalpha() for code in outcome(text))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "stack",
                    "provider",
                    "mlflow",
                    "experiment_tracker",
                    "settings",
                    "as",
                    "bind",
                    "users",
                    "environments",
                    "project",
                ]
            )
            | st.text(max_size=4),
            children,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["name", "stack", "provider", "deployment", "environments", "users", "project"]),
        json_like,
        min_size=1,
    )
)
def test_any_shape_gets_diagnostics(data: dict[str, object]) -> None:
    import yaml

    assert all(code.replace("-", "").isalpha() for code in outcome(yaml.safe_dump(data)))


def test_the_valid_files_are_valid() -> None:
    for text in VALID:
        assert outcome(text) == []


def test_a_mutation_can_fail() -> None:
    assert outcome("name: x\nstack: {experiment_tracker: [mlflwo]}") == ["unknown-tool"]
    with pytest.raises(AssertionError):
        assert outcome("name: x\nstack: {experiment_tracker: [mlflwo]}") == []
