"""What goes into a model and comes out of it, as Triton's configuration has it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_server.signature import Interface, Tensor

TOLD = "mlflow"
"""The parameter of the configuration in which the Python backend finds what it has to know."""


def configuration(interface: Interface, port: int) -> str:
    """Return Triton's config.pbtxt of a model whose scoring server listens on a port."""
    told = json.dumps({"port": port, **asdict(interface)})
    return "\n".join(
        [
            'backend: "python"',
            "max_batch_size: 0",
            *(_entry("input", each) for each in interface.inputs),
            *(_entry("output", each) for each in interface.outputs),
            "instance_group [{kind: KIND_CPU count: 1}]",
            f"parameters {{key: {_quoted(TOLD)} value: {{string_value: {_quoted(told)}}}}}\n",
        ]
    )


def _entry(kind: str, tensor: Tensor) -> str:
    optional = " optional: true" if tensor.optional and kind == "input" else ""
    dims = ", ".join(map(str, tensor.dims))
    type_ = "STRING" if tensor.type == "BYTES" else tensor.type
    return f"{kind} [{{name: {_quoted(tensor.name)} data_type: TYPE_{type_} dims: [{dims}]{optional}}}]"


def _quoted(text: str) -> str:
    """Return a text as protobuf's text format has it."""
    return json.dumps(text, ensure_ascii=False)
