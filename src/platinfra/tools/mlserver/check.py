"""
Prove that MLServer serves the version that the registry's alias names: `check.py find MARKER`.

It is asked by the V2 protocol, over HTTP and over gRPC.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from model_server.checking import run
from model_server.v2 import find

if TYPE_CHECKING:
    from collections.abc import Sequence

URL, STATUS_URL, GRPC_URL = (os.environ.get(f"MLSERVER_{each}") or "" for each in ("URL", "STATUS_URL", "GRPC_URL"))


def over_grpc(model: str, inputs: Sequence[dict[str, Any]], outputs: Sequence[str]) -> dict[str, Any]:
    """Return the answer over gRPC."""
    import grpc
    from mlserver.grpc.converters import ModelInferRequestConverter, ModelInferResponseConverter
    from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
    from mlserver.types import InferenceRequest, RequestInput

    request = InferenceRequest(inputs=[RequestInput(**each) for each in inputs])
    with grpc.insecure_channel(GRPC_URL, options=[("grpc.enable_http_proxy", 0)]) as channel:
        sent = ModelInferRequestConverter.from_types(request, model_name=model)
        answer = ModelInferResponseConverter.to_types(GRPCInferenceServiceStub(channel).ModelInfer(sent, timeout=60))
    found = {each.name: list(each.data) for each in answer.outputs}
    return {name: [each.decode() if isinstance(each, bytes) else each for each in found[name]] for name in outputs}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], lambda: find(URL, STATUS_URL, over_grpc)))
