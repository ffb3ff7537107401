"""Prove that JupyterLab works: `write` by a kernel and `find` a workspace, `run FILE ARGS…` a file in a kernel."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

from websocket import create_connection

URL = os.environ["JUPYTER_URL"]
AUTHORIZATION = {"Authorization": f"token {os.environ['JUPYTER_TOKEN']}"}

# The file gets a process of its own, with the kernel's interpreter and environment:
# a kernel has a running event loop, in which `asyncio.run` of a client would fail.
CELL = """
import subprocess, sys
done = subprocess.run([sys.executable, *{command!r}], capture_output=True, text=True, timeout=130)
if done.returncode:
    raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {{done.returncode}}"])[-1])
"""


def call(method: str, path: str, body: Any = None) -> Any:
    """Return what the server's REST interface answers."""
    request = Request(f"{URL}{path}", method=method, headers=AUTHORIZATION)
    request.data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(request, timeout=20) as response:
            return json.loads(response.read() or "null")
    except HTTPError as error:
        raise RuntimeError(f"{method} {path} answers {error.code}: {server_message(error)}") from error


def server_message(error: HTTPError) -> str:
    """Return the server's own message; all of its answer, where that is none."""
    text = error.read(2000).decode(errors="replace").strip()
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text or error.reason


def write(marker: str) -> str | None:
    """Have a kernel compute the marker, and leave a workspace, which is kept beside the server, not among files."""
    problem, output = in_kernel(f"print({marker[::-1]!r}[::-1])")
    if problem or output.strip() != marker:
        return problem or f"a kernel printed {output!r} instead of {marker}"
    call("PUT", f"/lab/api/workspaces/{marker}", {"data": {}, "metadata": {"id": marker}})
    return None


def find(marker: str) -> str | None:
    """Look for the workspace."""
    listed = call("GET", "/lab/api/workspaces")["workspaces"]
    return None if marker in listed["ids"] else "not found"


def run(file: str, *arguments: str) -> str | None:
    """Run a file in a new kernel; return why it failed."""
    problem, _ = in_kernel(CELL.format(command=[str(Path(file).resolve()), *arguments]))
    return problem


def in_kernel(code: str) -> tuple[str | None, str]:
    """Execute code in a new kernel; return the value of the error that it raised, and what it printed."""
    kernel = call("POST", "/api/kernels", {"name": "python3"})["id"]
    try:
        return execute(kernel, code)
    finally:
        call("DELETE", f"/api/kernels/{kernel}")


def execute(kernel: str, code: str) -> tuple[str | None, str]:
    """Execute code in a kernel; return the value of the error that it raised, and what it printed."""
    address = f"{URL.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    request = uuid4().hex
    header = {"msg_id": request, "msg_type": "execute_request", "session": request, "username": "", "version": "5.3"}
    message = {"header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "content": {"code": code}}
    socket = create_connection(address, header=AUTHORIZATION, timeout=130, http_no_proxy=["*"])
    try:
        socket.send(json.dumps(message))
        return answer_to(socket, request)
    finally:
        socket.close()


def answer_to(socket: Any, request: str) -> tuple[str | None, str]:
    """Wait for reply and output of a request among all messages of a kernel: they come by two channels, in any order."""
    problem, output, awaited = None, "", {"execute_reply", "idle"}
    while awaited:
        message = json.loads(socket.recv())
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stdout":
            output += content["text"]
        elif kind == "execute_reply" and content["status"] != "ok":
            problem = content.get("evalue") or content["status"]
        awaited.discard(content["execution_state"] if kind == "status" else kind)
    return problem, output


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("jupyterlab: no answer within 140 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(140)
    actions: dict[str, Callable[..., str | None]] = {"write": write, "find": find, "run": run}
    try:
        sys.exit(actions[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"jupyterlab: {error!r}")
