"""Templates are filled in; what mentions something unbound disappears."""

from typing import Any

import pytest

from platinfra.model.reference import Reference, Secret, merge_parts
from platinfra.model.template import ABSENT, fill, json_parts

KNOWN = {"port": 5000, "on": True, "name": "mlflow", "empty": "", "password": Secret("mlflow", "password"), "list": [1]}


def looked_up(reference: Reference) -> Any:
    return KNOWN.get(".".join(reference.path), ABSENT)


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("${port}", 5000),
        ("${on}", True),
        ("${list}", [1]),
        ("at ${port}", "at 5000"),
        ("${on}!", "true!"),
        ("a${empty}b", "ab"),
        ("plain", "plain"),
        (3, 3),
        ({"a": "${gone}", "b": 1}, {"b": 1}),
        (["${gone}", "x"], ["x"]),
        ([{"name": "A", "value": "${gone}"}, {"name": "B", "value": "${name}"}], [{"name": "B", "value": "mlflow"}]),
        ({"env": [{"deep": {"a": "${gone}"}}]}, {"env": [{"deep": {}}]}),
        ("x ${gone}", ABSENT),
        ("${name}${gone}", ABSENT),
        ("a-${name}-d", "a-mlflow-d"),
        ("${gone}", ABSENT),
        ("key=${password}", ("key=", Secret("mlflow", "password"))),
        ("${password}", Secret("mlflow", "password")),
    ],
)
def test_a_template_is_filled_in(template: Any, filled: Any) -> None:
    assert fill(template, looked_up) == filled


def test_data_becomes_json_in_which_secrets_stay_hidden() -> None:
    secret = Secret("mlflow", "password")
    data = [{"name": 'a "b"', "port": 1, "url": ("x", secret, '"'), "token": secret}, {}, [True, None]]
    text = merge_parts(json_parts(data))
    assert text == (
        '[{"name": "a \\"b\\"", "port": 1, "url": "x',
        secret,
        '\\"", "token": "',
        secret,
        '"}, {}, [true, null]]',
    )
