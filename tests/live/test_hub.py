"""JupyterHub on a machine: who comes in, what their servers get, and what is left of them."""

import json
import subprocess
from pathlib import Path

import pytest

from .stack import Stack, eventually

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]
LONG = 300
CHECK = Path(__file__).parents[2] / "src" / "platinfra" / "tools" / "jupyterhub"
SERVER = f"""
import json, os, sys
sys.path.insert(0, {str(CHECK)!r})
import check
from urllib.parse import urlencode

password = os.environ["JUPYTERHUB_ADMIN_PASSWORD"]
"""
STRANGERS = """
def refused(name, password):
    try:
        check.Session(name, password, "stranger")
    except RuntimeError:
        return True
    return False
session = check.Session("admin", password, "sign up")
other = check.Session.__new__(check.Session)
other.cookies = check.http.cookiejar.CookieJar()
other.opener = check.build_opener(check.ProxyHandler({}), check.HTTPCookieProcessor(other.cookies))
other.opener.open(f"{check.URL}/hub/signup", timeout=30).close()
words = {"username": "ann", "signup_password": "long enough 1", "signup_password_confirmation": "long enough 1", "_xsrf": other.seal()}
other.opener.open(f"{check.URL}/hub/signup", urlencode(words).encode(), timeout=30).close()
before = refused("ann", "long enough 1")
session.opener.open(f"{check.URL}/hub/authorize/ann", timeout=30).close()
print(json.dumps([refused("admin", "wrong"), before, refused("ann", "long enough 1"), refused("ann", "wrong")]))
"""
USE = """
with check.server("use") as (session, base):
    code = "import json, os; print(json.dumps([dict(os.environ), os.listdir(os.path.expanduser('~'))]))"
    problem, output = check.in_kernel(session, base, code)
    assert problem is None, problem
    print(output)
"""
LEAVE = """
session = check.Session("admin", password, "leave")
session.call("POST", "/hub/api/users/admin/servers/left", {})
while not session.call("GET", "/hub/api/users/admin")["servers"].get("left", {}).get("ready"):
    check.time.sleep(0.3)
"""


@pytest.fixture
def hub(stack: Stack, tmp_path: Path) -> Stack:
    """Bring up a hub beside a tracker, with a repository to clone."""
    source = tmp_path / "lessons"
    git = ["git", "-C", str(source), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", str(source)], check=True)
    (source / "first.ipynb").write_text("{}")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "One"], check=True)
    stack.catalog("jupyterhub").catalog("mlflow").catalog("postgres")
    settings = {"settings": {"git_repository": str(source)}}
    stages = {"experiment_tracker": ["mlflow"], "notebook": [{"jupyterhub": settings}]}
    stack.file.write_text(json.dumps({"name": "hub", "stack": stages}))
    up = stack.run("up", within=LONG)
    assert up.code == 0, up.text
    return stack


def answer(stack: Stack, code: str) -> str:
    """Return what a client of the hub prints."""
    python = next(Path(line.split(" ")[0]) for line in processes(stack) if line.endswith("hub_config.py"))
    done = stack.run("run", "--", str(python), "-c", SERVER + code, within=LONG)
    assert done.code == 0, done.text
    return done.out


def processes(stack: Stack) -> list[str]:
    """Return the command lines of the stack's processes."""
    lines = [Path(f"/proc/{pid}/cmdline") for pid in stack.family()]
    return [each.read_bytes().decode().replace("\0", " ").strip() for each in lines if each.exists()]


def test_people_come_in_when_they_are_let_in_and_their_kernels_know_the_stack(hub: Stack) -> None:
    assert json.loads(answer(hub, STRANGERS)) == [True, True, False, True]
    variables, files = json.loads(answer(hub, USE))
    told = json.loads(hub.run("env", "--json").out)
    assert variables["MLFLOW_TRACKING_URI"] == told["MLFLOW_TRACKING_URI"]
    assert [each for each in files if not each.startswith(".")] == ["lessons"]
    assert [each for each in variables if each.startswith("HUB_") or each == "CONFIGPROXY_AUTH_TOKEN"] == []
    secrets = json.loads((hub.root / "secrets.json").read_text())
    hidden = [value for each in secrets.values() for value in each.values()]
    assert [line for line in processes(hub) if any(each in line for each in hidden)] == []
    hub.down()


def test_a_hub_that_is_killed_comes_back_and_down_leaves_no_server(hub: Stack) -> None:
    answer(hub, LEAVE)
    hub.crash("jupyterhub.hub")
    assert not [line for line in processes(hub) if "jupyterhub-singleuser" in line]
    eventually(lambda: all(each["health"] == "healthy" for each in hub.status().values()), 90)
    answer(hub, LEAVE)
    assert [line for line in processes(hub) if "jupyterhub-singleuser" in line]
    hub.down()
