"""References of a `tool.yaml` are checked when it is loaded; the vocabulary and the evaluator know the same names."""

import ast
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.stacks import machine_for

from platinfra.catalog import references, vocabulary
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.references import unknown_references
from platinfra.catalog.vocabulary import SECTIONS, WORDS, Section
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import load_file, load_text
from platinfra.model import targets
from platinfra.model.ground import Place
from platinfra.resolve import values as evaluator
from platinfra.resolve.resolve import resolve
from platinfra.resolve.values import Values
from platinfra.spec.load import load
from platinfra.targets.aws import facts as aws_facts
from platinfra.targets.kubernetes import facts as cluster_facts
from platinfra.targets.local import facts as machine_facts
from platinfra.targets.local.facts import MachineFacts

OWN = Catalog()
NAMES = OWN.names()
STATEMENT = {"actions": ["s3:GetObject"], "resources": ["text"], "conditions": {"StringEquals": {"key": "text"}}}
COMMAND = {"command": ["text"], "env": {"A": "text"}, "creates": "text"}
COPIES = {"keep": COMMAND, "put_back": COMMAND}
CONTAINER = {"image": "text", "command": ["text"], "env": {"A": "text"}, "cpu": "text", "memory": "text"}
ATTRIBUTES = {"sql_database": {"url": "text"}}
WHOLE: dict[str, Any] = {
    "name": "whole",
    "summary": "It has a text in every section.",
    "homepage": "https://example.org",
    "license": "MIT",
    "provides": {"sql_database": {"host": "text"}, "monitoring": {}},
    "requires": {
        "backend": {"capability": "sql_database", "optional": True},
        "tracker": {"capability": "experiment_tracker", "tools": ["mlflow"]},
    },
    "settings": {"size": {"default": "1", "help": "Its size."}},
    "secrets": ["admin"],
    "endpoints": {"http": {"port": 8900, "ready": "/", "page": True}},
    "client": {"env": {"WHOLE": "text"}},
    "existing": {
        "credentials": {"token": "TOKEN"},
        "env": {"A": "text"},
        "provides": {"sql_database": {"url": "text"}},
        "local": {
            "env": {"A": "text"},
            "files": {"a": "text"},
            "grants": {"sql_database": COMMAND},
            "copies": {"sql_database": COPIES},
        },
    },
    "page": "text",
    "run": {
        "local": {
            "requirements": "lock.txt",
            "path": ["text"],
            "env": {"A": "text"},
            "files": {"a": "text"},
            "secrets": ["here"],
            "setup": [COMMAND],
            "processes": {"main": {"command": ["text"], "env": {"A": "text"}, "endpoints": ["http"]}},
            "migrate": [COMMAND],
            "ready": [COMMAND],
            "grants": {"sql_database": COMMAND},
            "copies": {"sql_database": COPIES},
            "credentials": {"sql_database": {"A": "text"}},
            "maintenance": [{"command": ["a"], "program": ["text"], "arguments": ["text"], "env": {"A": "text"}}],
            "provides": {"monitoring": {"url": "text"}},
        },
        "kubernetes": {
            "charts": {
                "main": {
                    "name": "a",
                    "repository": "https://example.org",
                    "version": "1",
                    "values": {"a": [{"b": "text"}]},
                    "pods": {"app": "text"},
                }
            },
            "workloads": {
                "main": {
                    **CONTAINER,
                    "memory_limit": "text",
                    "secret_env": {"A": {"secret": "text", "key": "key"}},
                    "files": {"/a": "text"},
                    "volume": {"path": "/data", "size": "text"},
                    "gpus": "text",
                    "replicas": "text",
                    "autoscale": {"max": "text"},
                    "schedule": "text",
                    "beside": {"other": {**CONTAINER, "memory_limit": "text"}},
                }
            },
            "objects": [{"kind": "A", "spec": {"a": ["text"]}}],
            "pods": [{"app": "text"}],
            "jobs": [{"app": "text"}],
            "secrets": {"held": {"a": "text"}},
            "places": {"http": {"host": "text"}},
            "provides": {"monitoring": {"url": "text"}},
            "credentials": {"sql_database": {"a": "text"}},
            "grants": {"sql_database": [{"kind": "A", "spec": ["text"]}]},
            "admissions": {
                "sql_database": {
                    "image": "text",
                    "command": ["text"],
                    "env": {"A": "text"},
                    "secret_env": {"A": {"secret": "text", "key": "text"}},
                    "secrets": ["text"],
                }
            },
            "client_secret_env": {"A": {"secret": "text", "key": "key"}},
        },
        "aws": {
            "module": "database",
            "inputs": {"name": "text"},
            "existing": {"setting": "size", "outputs": {"host": "text"}},
            "role": {"service": "a.amazonaws.com", "source": "text", "statements": [STATEMENT]},
            "roles": {"further": {"service": "a.amazonaws.com", "source": "text", "statements": [STATEMENT]}},
            "statements": [STATEMENT],
            "grants": {"sql_database": {"connect": [STATEMENT]}},
            "whole": {"sql_database": {"connect": [STATEMENT]}},
            "alarms": {
                "a": {"namespace": "A", "metric": "b", "threshold": 1, "description": "c", "dimensions": {"A": "text"}}
            },
            "failures": {"a": {"source": ["text"]}},
            "administrator": "text",
            "expire": {"backend": "text"},
            "machine_settings": {"size": "text"},
        },
    },
}
"""A tool with one text in every section, but for two that take the place of others."""
INSTEAD: Mapping[str, tuple[tuple[str, ...], Any]] = {
    "run.kubernetes.client_env.*": (("run", "kubernetes", "client_env"), {"A": "text"}),
    "run.kubernetes.existing.secret": (
        ("run", "kubernetes", "existing"),
        {"provides": ATTRIBUTES, "secret": "text", "keys": ["a"]},
    ),
    "run.kubernetes.existing.provides.*.*": (
        ("run", "kubernetes", "existing"),
        {"provides": ATTRIBUTES, "secret": "text", "keys": ["a"]},
    ),
}


def changed(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return data with another value at a path."""
    if not path:
        return value
    here = path[0]
    if isinstance(data, list):
        return [changed(each, path[1:], value) if number == here else each for number, each in enumerate(data)]
    return {**data, here: changed(data.get(here, {}), path[1:], value)}


def whole(section: Section | None = None) -> dict[str, Any]:
    path, value = INSTEAD.get(section.path, ((), WHOLE)) if section else ((), WHOLE)
    return changed(WHOLE, path, value)


def text_of(data: Any, section: Section, path: tuple[str | int, ...] = ()) -> tuple[str | int, ...]:
    """Return the path of the first text in a section."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    if data == "text" and section.covers(path):
        return path
    return next((found for key, each in entries if (found := text_of(each, section, (*path, key)))), ())


def catalog_of(folder: Path, data: Mapping[str, Any]) -> Catalog:
    tool = folder / str(data["name"])
    tool.mkdir(exist_ok=True)
    # Indented JSON is YAML with a line for each value.
    (tool / "tool.yaml").write_text(json.dumps(data, indent=1))
    (tool / "lock.txt").touch()
    (tool / "beside.py").touch()
    (folder / "_packages" / "shared").mkdir(parents=True, exist_ok=True)
    (folder / "_packages" / "shared" / "__init__.py").touch()
    return Catalog(folder)


def refused(folder: Path, data: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    with pytest.raises(PlatinfraError) as caught:
        catalog_of(folder, data).get(str(data["name"]))
    return caught.value.diagnostics


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_our_tools_names_something(name: str) -> None:
    folder = OWN.folder(name)
    document = load_file(folder / "tool.yaml", name=name)
    assert [*unknown_references(OWN.get(name), document, folder, OWN.find_capability)] == []
    for path, text in references._texts(document.data, ()):
        assert any(each.covers(path) for each in SECTIONS), (path, text)


def test_a_tool_with_a_text_in_every_section_is_right(tmp_path: Path) -> None:
    assert catalog_of(tmp_path, WHOLE).get("whole").name == "whole"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda each: f"{each.path} {each.place}")
def test_a_wrong_reference_is_found_in_every_section_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: Section
) -> None:
    data = whole(section)
    path = text_of(data, section)
    assert path, "the section has a text here"
    assert catalog_of(tmp_path, data).get("whole")
    monkeypatch.setattr(references, "SECTIONS", (section,))  # other places have the same text
    for written in ("nobody.url", "a b", "settings.siez", "name.x"):
        problems = refused(tmp_path, changed(data, path, f"before ${{{written}}}"))
        assert {each.code for each in problems} == {"unknown-reference"}
        [span] = {each.span for each in problems}
        assert span is not None
        assert span.file == "whole/tool.yaml"
        assert span.source[span.column - 1 : span.end_column - 1] == f"${{{written}}}"
        assert (tmp_path / "whole" / "tool.yaml").read_text().splitlines()[span.line - 1] == span.source


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("settings.sise", "settings.size"),
        ("endpoints.htp.url", "endpoints.http.url"),
        ("endpoints.http.prot", "endpoints.http.port"),
        ("secrets.admn", "secrets.admin"),
        ("backend.hots", "backend.host"),
        ("trackr.url", "tracker.url"),
    ],
)
def test_the_hint_has_what_was_meant(tmp_path: Path, written: str, hint: str) -> None:
    [problem] = refused(tmp_path, changed(WHOLE, ("run", "local", "env", "A"), f"${{{written}}}"))
    assert problem.hint is not None
    assert f"`{hint}`" in problem.hint


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("run.local.env.A", "tracker.database"),  # the capability has no such attribute
        ("run.local.env.A", "consumer.name"),  # no wire is granted here
        ("run.local.env.A", "namespace"),  # of another place
        ("run.kubernetes.workloads.main.env.A", "data"),
        ("run.kubernetes.workloads.main.env.A", "secrets.here"),  # a machine's alone
        ("run.kubernetes.workloads.main.env.A", "release"),  # no chart
        ("run.kubernetes.workloads.main.env.A", "file.nowhere.py"),
        ("run.kubernetes.workloads.main.env.A", "secret.other"),
        ("run.kubernetes.credentials.sql_database.a", "given.a"),  # there is no Secret of people's own
        ("run.aws.inputs.name", "secrets.admin"),
        ("run.aws.inputs.name", "roles.another.arn"),
        ("provides.sql_database.host", "outputs.host"),  # means something for the service only
    ],
)
def test_a_name_that_means_nothing_there_is_found(tmp_path: Path, path: str, written: str) -> None:
    assert refused(tmp_path, changed(WHOLE, tuple(path.split(".")), f"${{{written}}}"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.local.env.A", "${backend.database} ${settings.size.slash} $${HOME} ${venv}"),
        (
            "run.kubernetes.workloads.main.env.A",
            "${file.beside.py} ${secret.held} ${tracker.url.host} ${tracker.bound}",
        ),
        ("run.kubernetes.charts.main.values.a", "${release}"),
        ("run.kubernetes.grants.sql_database", ["${consumer.secret} ${wire.host}"]),
        ("run.aws.inputs.name", "${roles.further.arn} ${outputs.anything}"),
    ],
)
def test_a_name_that_means_something_is_not(tmp_path: Path, path: str, text: Any) -> None:
    value: Any = text
    keys = tuple(path.split("."))
    if keys[-1] == "sql_database":
        value = [{"kind": "A", "spec": text}]
    assert catalog_of(tmp_path, changed(WHOLE, keys, value)).get("whole")


def test_the_line_is_that_of_the_reference_in_a_text_of_many(tmp_path: Path) -> None:
    head = "name: odd\nsummary: It is odd.\nhomepage: https://example.org\nlicense: MIT\nrun:\n  local:\n    files:\n"
    text = f"{head}      a.conf: |\n        first: ${{name}}\n        second: ${{nmae}} ${{not closed\n"
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "tool.yaml").write_text(text)
    with pytest.raises(PlatinfraError) as caught:
        Catalog(tmp_path).get("odd")
    first, second = caught.value.diagnostics
    assert (first.span.line, first.span.column, first.hint) == (10, 17, "did you mean `name`?")  # type: ignore[union-attr]
    assert (second.span.line, second.span.column) == (10, 25)  # type: ignore[union-attr]


def test_a_capability_that_nobody_has_is_no_reason_to_refuse_its_attributes(tmp_path: Path) -> None:
    data = changed(WHOLE, ("requires", "other"), {"capability": "nothing", "optional": True})
    assert catalog_of(tmp_path, changed(data, ("run", "local", "env", "A"), "${other.url}")).get("whole")


SPEAKER: dict[str, Any] = {
    **{key: WHOLE[key] for key in ("name", "summary", "homepage", "license", "settings", "secrets", "endpoints")},
    "provides": {"sql_database": {}},
    "requires": {"store": {"capability": "object_store"}},
    "packages": ["shared"],
    "existing": {"credentials": {"token": "TOKEN"}},
    "run": {
        "local": {
            "requirements": "lock.txt",
            "needs": {
                "programs": {"sh": {"names": ["sh"], "bound": ">=1"}},
                "install": {"linux": "apt-get install dash"},
            },
        },
        "kubernetes": {
            "workloads": {"main": {"image": "a", "endpoints": ["http"]}},
            "secrets": {"held": {"a": "b"}},
            "existing": {"provides": {"sql_database": {"host": "db.example.org"}}, "secret": "mine", "keys": ["a"]},
            "credentials": {"sql_database": {"a": "b"}},
        },
        "aws": {"module": "database", "inputs": {"name": "a"}},
    },
}
"""A tool that is asked for every name."""
PLACES = {
    "machine": ("{name: local}", machine_facts),
    "cluster": ("{name: kubernetes}", cluster_facts),
    "service": ("{name: aws, account-id: '210987654321'}", aws_facts),
}


@pytest.fixture(scope="module", params=PLACES)
def spoken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Values[Any]]:
    """Return a place, and the values of a stack there in which MLflow is bound to the tool."""
    place: Place = request.param
    catalog = catalog_of(tmp_path_factory.mktemp(place), SPEAKER)
    text = f"name: demo\nprovider: {PLACES[place][0]}\nstack: {{sql_database: [whole], experiment_tracker: [mlflow]}}\n"
    stack = resolve(load(load_text(text, "platinfra.yaml")), catalog)
    if place == "machine":
        return place, MachineFacts(stack.graph, catalog, machine_for(stack.graph, catalog)).values
    target: Any = targets.get(stack.graph.target)
    return place, target.bundle(stack).values if place == "cluster" else target.cloud(stack).values


def ask(values: Values[Any], name: str) -> Any:
    """Evaluate a name as if it stood where the wire from MLflow is granted."""
    binding = values.binding("mlflow", "backend")
    assert binding is not None
    assert binding.provider == "whole"
    return values.value(f"${{{name.replace('*', 'any')}}}", values.graph.components["whole"], binding, {"release": "a"})


def names_in(place: Place, values: Values[Any]) -> frozenset[str]:
    tool, folder = values.catalog.get("whole"), values.catalog.folder("whole")
    given = ("wire", "chart")
    return vocabulary.names(tool, folder, values.catalog.find_capability, place, given)


def test_the_evaluator_knows_every_name_of_the_vocabulary(spoken: tuple[Place, Values[Any]]) -> None:
    place, values = spoken
    names = names_in(place, values)
    for name in sorted(names):
        ask(values, name)
    for word in WORDS:  # each is among them, in every place that it means something in
        heads = {name.partition(".")[0] for name in word.names}
        holes = {"REQUIREMENT": "store"}
        assert place not in word.places or all(
            holes.get(one, one) in {each.partition(".")[0] for each in names} for one in heads
        )


def test_the_evaluator_refuses_what_the_vocabulary_does_not_list(
    spoken: tuple[Place, Values[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, values = spoken
    before = names_in(place, values)
    for word in WORDS:
        monkeypatch.setattr(vocabulary, "WORDS", tuple(each for each in WORDS if each is not word))
        monkeypatch.setattr(values, "_names", {})
        vocabulary._holes.cache_clear()
        gone = before - names_in(place, values) - {"release"}
        assert gone or place not in word.places or word.name == "release", word
        for name in gone:
            with pytest.raises(PlatinfraError, match="unknown-reference"):
                ask(values, name)
    vocabulary._holes.cache_clear()
    monkeypatch.setattr(values, "_names", {})


def test_the_evaluator_has_no_branch_for_a_name_that_is_not_in_the_vocabulary() -> None:
    known = {part for word in WORDS for name in word.names for part in name.split(".")}
    for module in (evaluator, *(each for _, each in PLACES.values())):
        for case in (
            each for each in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(each, ast.match_case)
        ):
            told = {each.value for each in ast.walk(case.pattern) if isinstance(each, ast.Constant)}
            assert told - {"metrics", "page"} <= known, (module.__name__, told)


def test_an_attribute_that_a_capability_has_goes_before_a_name_of_the_wire() -> None:
    text = (
        "name: demo\nprovider: {name: kubernetes}\ndeployment: {routes: {domain: ml.example.org, tls: {issuer: letsencrypt}}}\n"
        "stack: {experiment_tracker: [mlflow], sign_in: [github: {as: people, settings: {organization: acme}}]}\n"
    )
    target: Any = targets.get("kubernetes")
    values = target.bundle(resolve(load(load_text(text, "platinfra.yaml")), OWN)).values
    [proxy] = [each for each in values.graph.components.values() if each.tool == "oauth2-proxy"]
    assert values.value("${sign_in.provider} ${page.provider}", proxy) == "github mlflow"


@pytest.mark.parametrize("name", ["store", "store-password"])
def test_a_secret_may_not_be_kept_where_a_login_is(tmp_path: Path, name: str) -> None:
    problems = refused(tmp_path, {**SPEAKER, "secrets": [name]})
    assert {each.code for each in problems} == {"catalog-entry"}
    assert name in problems[0].message
