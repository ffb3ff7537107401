"""Every reader of the YAML we write sees the types that we meant."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.targets.kubernetes.rules.good import OBJECTS

from platinfra.targets.kubernetes.rules.text import is_plain, style, to_yaml

TREACHEROUS = """
y n Y N yes no Yes NO on off On OFF true false True FALSE null Null ~ = << 1 -1 +1 0 00 08 09 010 0o17 0x1F 0b11 1_000 1e3 1E3 1e+3
1. .5 1.5 -.5 1e400 .inf -.inf +.INF .nan .NaN nan inf Infinity 1:30 12:30:45 190:20:30 2026-11-21 2026-11-21T10:00:00Z
2001-12-14t21:59:43.10-05:00 ! !!str & &a * *a | > % @ ` # - -- --- ... ? : , [ ] { } [] {} ' " '' "" \\ a: a:b #a a# ${x} {{x}}
""".split()  # noqa: SIM905
AWKWARD = [
    "",
    " ",
    " a",
    "a ",
    "a b",
    "a: b",
    "a #b",
    "- a",
    "? a",
    "2026-11-21 10:00:00",
    "\t",
    "a\tb",
    "\n",
    "a\n",
    "a\nb",
    "a\nb\n",
    "a\n\n\n",
    "\na",
    " a\nb",
    "a\n  b\n c",
    "a \nb",
    "a\n \nb",
    "a\r\nb",
    "#!/bin/sh\nset -eu\n\nif true; then\n\techo 'ok: \"yes\"'\nfi\n",
    "# comment\na: 1\n",
    "--- \n...",
    "a\n---\nb\n",
    "é ü 漢字",
    "naïve\nwörld\n",
    "\u2028",
    "\x85",
    "\ufeff",
    "\x00\x07\x1b",
    "😀",
    "😀\n😀",
    "x" * 500,
    "word " * 100,
    "line of words " * 20 + "\nsecond\n",
]
NUMBERS: list[Any] = [True, False, None, 0, 1, -1, 8, 1.5, 1e20, 1e-7, 2**53, [], {}]
TEXTS = [*TREACHEROUS, *AWKWARD]


def config_map(texts: list[str]) -> dict[str, Any]:
    data = {f"key-{number}": text for number, text in enumerate(texts)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "texts"}, "data": data}


def read(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def asked(kubectl: str, file: Path) -> Any:
    """Return a file as kubectl reads it; no server is asked."""
    command = [kubectl, "label", "--local", "-f", str(file), "-o", "json", "read=back"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not on PATH")
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_python_reads_a_string_back(text: str) -> None:
    documents = [{"value": text, "list": [text], text: 1}]
    assert read(to_yaml(documents)) == documents
    assert list(yaml.load_all(to_yaml(documents), Loader=yaml.SafeLoader)) == documents


@pytest.mark.parametrize("value", NUMBERS, ids=str)
def test_python_reads_other_values_back(value: Any) -> None:
    (found,) = read(to_yaml([{"value": value}]))
    assert found == {"value": value}
    assert type(found["value"]) is type(value)


@pytest.mark.live
def test_kubectl_reads_every_string_back(kubectl: str, tmp_path: Path) -> None:
    texts = [each for each in TEXTS if "\x00" not in each]
    file = tmp_path / "texts.yaml"
    file.write_text(to_yaml([config_map(texts)]), encoding="utf-8")
    assert asked(kubectl, file)["data"] == config_map(texts)["data"]


@pytest.mark.live
def test_kubectl_reads_treacherous_keys_and_labels_back(kubectl: str, tmp_path: Path) -> None:
    words = [each for each in TREACHEROUS if each.isalnum()]
    labelled = config_map([])
    labelled["metadata"]["labels"] = {word: word for word in words}
    file = tmp_path / "labels.yaml"
    file.write_text(to_yaml([labelled]), encoding="utf-8")
    assert asked(kubectl, file)["metadata"]["labels"] == {**{word: word for word in words}, "read": "back"}


@pytest.mark.live
def test_kubectl_misreads_what_the_library_writes_by_itself(kubectl: str, tmp_path: Path) -> None:
    """Else the quotes would be for nothing."""
    file = tmp_path / "plain.yaml"
    file.write_text(yaml.dump(config_map(["y", "1e3", "08"]), Dumper=yaml.CSafeDumper), encoding="utf-8")
    assert list(asked(kubectl, file)["data"].values()) == [True, 1000, 8]


@pytest.mark.live
def test_kubectl_reads_numbers_as_numbers(kubectl: str, tmp_path: Path) -> None:
    ports = [{"name": "http", "port": 80, "targetPort": "8080"}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": ports}}
    file = tmp_path / "service.yaml"
    file.write_text(to_yaml([service]), encoding="utf-8")
    assert asked(kubectl, file)["spec"]["ports"] == ports


def test_many_documents_are_one_stream() -> None:
    assert read(to_yaml(OBJECTS)) == OBJECTS
    assert to_yaml(OBJECTS).count("\n---\n") == len(OBJECTS) - 1
    assert to_yaml([]) == ""


def test_the_order_of_keys_is_kept_and_nothing_is_shared() -> None:
    part = {"b": 1, "a": 2}
    assert to_yaml([{"z": part, "y": part}]) == '---\nz:\n  b: 1\n  a: 2\n"y":\n  b: 1\n  a: 2\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mlflow", None),
        ("apps/v1", None),
        ("app.kubernetes.io/name", None),
        ("y", '"'),
        ("1e3", '"'),
        ("a: b", '"'),
        ("a\nb\n", "|"),
        ("a \nb\n", '"'),
    ],
)
def test_quotes_stand_where_they_are_needed(text: str, expected: str | None) -> None:
    assert style(text) == expected


def test_a_script_is_written_as_people_write_it() -> None:
    assert to_yaml([{"run": "set -eu\necho yes\n"}]) == "---\nrun: |\n  set -eu\n  echo yes\n"


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_string_is_read_back(text: str) -> None:
    assert read(to_yaml([{"value": text}])) == [{"value": text}]


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_./~=+:-]{1,8}", fullmatch=True))
def test_what_stands_plain_resolves_to_a_string_in_both_dialects(text: str) -> None:
    if is_plain(text):
        assert read(f"value: {text}") == [{"value": text}]
        assert text.lower() not in {"y", "n"}
        assert not text[0].isdigit()
