"""`make demo` as a newcomer sees it: a fresh clone, an empty HOME, empty caches. Needs the network."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEPT = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PIP_CERT", "LANG")


def measure(_: Callable[[list[float]], float]) -> list[dict[str, object]]:
    """Return the seconds of one `make demo`."""
    with tempfile.TemporaryDirectory(prefix="platinfra-cold-") as folder:
        clone, home = Path(folder) / "platinfra", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        env = {key: os.environ[key] for key in KEPT if key in os.environ} | {"HOME": str(home)}
        began = time.monotonic()
        try:
            subprocess.run(["make", "demo"], cwd=clone, env=env, check=True)
            took = time.monotonic() - began
        finally:
            subprocess.run(["make", "down"], cwd=clone, env=env, check=True)
    return [
        {
            "what": "`make demo` on a new machine, caches empty",
            "measured": f"{took:.0f} s",
            "reach": "≤ 300 s (told)",
            "ok": took <= 300,
        }
    ]
