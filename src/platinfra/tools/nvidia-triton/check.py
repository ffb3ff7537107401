"""
Prove that Triton serves the version that the registry's alias names: `check.py find MARKER`.

It is asked by the V2 protocol, over HTTP and, where Triton's client is installed, over gRPC too.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from model_server.checking import run
from model_server.v2 import find

if TYPE_CHECKING:
    from collections.abc import Sequence

URL, STATUS_URL, GRPC_URL = (os.environ.get(f"TRITON_{each}") or "" for each in ("URL", "STATUS_URL", "GRPC_URL"))


def over_grpc(model: str, inputs: Sequence[dict[str, Any]], outputs: Sequence[str]) -> dict[str, Any] | None:
    """Return the answer over gRPC; None without its client."""
    try:
        import numpy as np
        from tritonclient.grpc import InferenceServerClient, InferInput
        from tritonclient.utils import triton_to_np_dtype
    except ImportError:
        return None
    sent = []
    for each in inputs:
        sent.append(InferInput(each["name"], each["shape"], each["datatype"]))
        sent[-1].set_data_from_numpy(np.array(each["data"], dtype=triton_to_np_dtype(each["datatype"])))
    with InferenceServerClient(GRPC_URL) as client:
        result = client.infer(model, sent, client_timeout=60)
    flat = {name: result.as_numpy(name).reshape(-1).tolist() for name in outputs}
    return {name: [each.decode() if isinstance(each, bytes) else each for each in flat[name]] for name in outputs}


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], lambda: find(URL, STATUS_URL, over_grpc)))
