"""What MLflow's signatures are in Triton's configuration, and what they have to say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.stacks import resolved
from tests.targets.kubernetes.test_recipes_stores import module

from platinfra.diagnostics import PlatinfraError

if TYPE_CHECKING:
    from pathlib import Path

interface = module("nvidia-triton", "interface")
signature = module("_packages", "model_server.signature")
StartError = module("_packages", "model_server.processes").StartError
COLUMNS = [
    {"type": "double", "name": "x", "required": True},
    {"type": "long", "name": "n", "required": False},
    {"type": "string", "name": 'of "a"', "required": True},
]
NUMBERS = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]
TENSOR = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28]}}]


def model(folder: Path, inputs: Any, outputs: Any) -> Path:
    """Write the file of a model that has its signature."""
    signature = {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs), "params": None}
    (folder / "MLmodel").write_text(yaml.safe_dump({"signature": signature} if inputs or outputs else {"flavors": {}}))
    return folder


def test_columns_are_inputs_with_an_entry_for_a_row(tmp_path: Path) -> None:
    found = signature.read_interface(model(tmp_path, COLUMNS, NUMBERS))
    assert found.columns
    text = interface.configuration(found, 1234)
    assert 'input [{name: "x" data_type: TYPE_FP64 dims: [-1]}]' in text
    assert 'input [{name: "n" data_type: TYPE_INT64 dims: [-1] optional: true}]' in text
    assert 'input [{name: "of \\"a\\"" data_type: TYPE_STRING dims: [-1]}]' in text
    assert 'output [{name: "predictions" data_type: TYPE_FP64 dims: [-1]}]' in text
    told = re.search(r'string_value: ("(?:[^"\\]|\\.)*")', text)
    assert told
    known = json.loads(json.loads(told[1]))
    assert (known["port"], known["columns"]) == (1234, True)
    assert [each["name"] for each in known["inputs"]] == ["x", "n", 'of "a"']


def test_a_tensor_without_a_name_is_called_inputs(tmp_path: Path) -> None:
    found = signature.read_interface(model(tmp_path, TENSOR, [{"type": "string", "name": "label"}]))
    assert not found.columns
    assert [(each.name, each.type, each.dims) for each in found.inputs] == [("inputs", "FP32", (-1, 28, 28))]
    assert [(each.name, each.type) for each in found.outputs] == [("label", "BYTES")]


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        ([], [], "without a signature of its inputs"),
        (COLUMNS, [], "without a signature of its outputs"),
        ([{"type": "double"}], NUMBERS, "have no names"),
        ([{"type": "binary", "name": "image"}], NUMBERS, "no type for `image` of its signature, which is binary"),
        (TENSOR * 2, NUMBERS, "several inputs"),
    ],
)
def test_a_signature_that_does_not_say_enough_is_refused(
    tmp_path: Path, inputs: Any, outputs: Any, reason: str
) -> None:
    with pytest.raises(StartError, match=reason):
        signature.read_interface(model(tmp_path, inputs, outputs))


@pytest.mark.parametrize("name", ["a b", "a$(b)", "../a", "a;b"])
def test_a_name_that_a_shell_would_read_is_no_model_of_triton(name: str) -> None:
    text = f"name: one\nstack:\n  model_registry: [mlflow]\n  model_serving: [nvidia-triton: {{settings: {{model: {name!r}}}}}]\n"
    with pytest.raises(PlatinfraError) as caught:
        resolved(text)
    assert [each.code for each in caught.value.diagnostics] == ["wrong-format"]
