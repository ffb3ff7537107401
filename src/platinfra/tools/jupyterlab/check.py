"""Prove that JupyterLab works: `write` and `find` a workspace, `run FILE ARGS…` a Python file in a kernel."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from websocket import create_connection

URL = os.environ["JUPYTER_URL"]
AUTHORIZATION = {"Authorization": f"token {os.environ['JUPYTER_TOKEN']}"}

# The file gets a process of its own, with the kernel's interpreter and environment:
# a kernel has a running event loop, in which `asyncio.run` of a client would fail.
CELL = """
import subprocess, sys
done = subprocess.run([sys.executable, *{command!r}], capture_output=True, text=True, timeout=50)
if done.returncode:
    raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {{done.returncode}}"])[-1])
"""


def call(method: str, path: str, body: Any = None) -> Any:
    """Return what the server's REST interface answers."""
    request = Request(f"{URL}{path}", method=method, headers=AUTHORIZATION)
    request.data = None if body is None else json.dumps(body).encode()
    with urlopen(request, timeout=20) as response:
        return json.loads(response.read() or "null")


def write(marker: str) -> None:
    """Leave a workspace, which is kept beside the server and not among the user's files."""
    call("PUT", f"/lab/api/workspaces/{marker}", {"data": {}, "metadata": {"id": marker}})


def find(marker: str) -> str | None:
    """Look for the workspace."""
    listed = call("GET", "/lab/api/workspaces")["workspaces"]
    return None if marker in listed["ids"] else "not found"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a new kernel; return why it failed."""
    kernel = call("POST", "/api/kernels", {"name": "python3"})["id"]
    try:
        return execute(kernel, CELL.format(command=[str(Path(file).resolve()), *arguments]))
    finally:
        call("DELETE", f"/api/kernels/{kernel}")


def execute(kernel: str, code: str) -> str | None:
    """Execute code in a kernel; return the value of the error that it raised."""
    address = f"{URL.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    request = uuid4().hex
    header = {"msg_id": request, "msg_type": "execute_request", "session": request, "username": "", "version": "5.3"}
    message = {"header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "content": {"code": code}}
    socket = create_connection(address, header=AUTHORIZATION, timeout=50, http_no_proxy=["*"])
    try:
        socket.send(json.dumps(message))
        return reply_to(socket, request)
    finally:
        socket.close()


def reply_to(socket: Any, request: str) -> str | None:
    """Wait for the reply to a request among all the messages of a kernel."""
    while True:
        message = json.loads(socket.recv())
        if message["msg_type"] == "execute_reply" and message["parent_header"].get("msg_id") == request:
            content = message["content"]
            return None if content["status"] == "ok" else content.get("evalue") or content["status"]


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("jupyterlab: no answer within 58 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(58)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"jupyterlab: {error!r}")
