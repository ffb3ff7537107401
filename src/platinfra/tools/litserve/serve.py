"""The server itself: `serve.py HOST PORT WORKERS FILE`; the file says what is served now."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request
from litserve import LitAPI, LitServer

from model_server.passing_on import ANSWER_SECONDS, RefusedError, read_present, score


class Model(LitAPI):  # type: ignore[misc, unused-ignore]
    """Answers requests of MLflow's scoring protocol with what the model says, which has a process of its own."""

    def __init__(self, file: Path) -> None:
        """Know the file that says what is served."""
        super().__init__(api_path="/invocations", enable_async=True)
        self._file = file

    def setup(self, device: str) -> None:
        """Load nothing: the model is where its packages are."""

    async def decode_request(self, request: Request) -> Any:
        """Take a request as it is: LitServe has read the JSON in it."""
        return request

    async def predict(self, x: Any) -> Any:
        """Have the present version predict; what it refuses is refused here."""
        try:
            answer = await asyncio.to_thread(lambda: score(read_present(self._file)["port"], json.dumps(x)))
        except RefusedError as error:
            raise HTTPException(error.status, str(error)) from error
        return json.loads(answer)

    async def encode_response(self, output: Any) -> Any:
        """Give an answer as it is."""
        return output


if __name__ == "__main__":
    host, port, workers, file = sys.argv[1:]
    server = LitServer(
        Model(Path(file)),
        accelerator="cpu",
        workers_per_device=int(workers),
        timeout=ANSWER_SECONDS,
        restart_workers=True,
    )
    server.run(host, int(port), num_api_servers=1, generate_client_file=False, log_level="warning", access_log=False)
