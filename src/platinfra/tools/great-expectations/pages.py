"""The pages of Great Expectations: makes its folder where there is none, and shows what is kept there as data docs."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUILD_SECONDS = 120
_UNANSWERED_SECONDS = 60
_MAKE = "import sys, great_expectations as gx; gx.get_context(mode='file', project_root_dir=sys.argv[1])"
_BUILD = f"{_MAKE}.build_data_docs()"
_SHOWN = ("expectations", "uncommitted/validations")
"""The folders of what the pages show."""
_NOTHING = b"Nothing is validated yet. Pages of suites and results are here once `gx.get_context()` has some.\n"
# The pages take styles and scripts from public servers; their pictures would tell the maker who looks at which context.
_POLICY = "default-src 'self' https: data: 'unsafe-inline' 'unsafe-eval'; img-src 'self' data:; connect-src 'self'"


class Docs:
    """The pages of one context; Great Expectations runs for a moment only, since it needs much memory."""

    def __init__(self, data: Path) -> None:
        """Take the folder that holds the context's."""
        self._data = data
        self._context = data / "gx"
        self._one = threading.Lock()
        self._built: frozenset[tuple[str, int]] = frozenset()
        self.folder = self._context / "uncommitted" / "data_docs" / "local_site"

    def prepare(self) -> None:
        """Make the context where there is none; raise CalledProcessError when that fails."""
        if not (self._context / "great_expectations.yml").exists():
            subprocess.run([sys.executable, "-c", _MAKE, str(self._data)], check=True, timeout=_BUILD_SECONDS)

    def refresh(self) -> None:
        """Build the pages anew when there is something else to show; keep those there are when that fails."""
        with self._one:
            found = frozenset(self._files())
            if found == self._built:
                return
            try:
                subprocess.run([sys.executable, "-c", _BUILD, str(self._data)], check=True, timeout=_BUILD_SECONDS)
            except subprocess.SubprocessError as error:
                sys.stderr.write(f"the pages are not built: {error}\n")
            else:
                self._built = found

    def _files(self) -> Iterator[tuple[str, int]]:
        """Yield the files of what is shown, each with when it was written in nanoseconds."""
        for top in _SHOWN:
            for path in (self._context / top).rglob("*.json"):
                if path.exists():
                    yield str(path), path.stat().st_mtime_ns


class Page(SimpleHTTPRequestHandler):
    """GET /health, and the pages; the first of them is always of everything there is."""

    timeout = _UNANSWERED_SECONDS

    def __init__(self, *arguments: object, docs: Docs) -> None:
        """Answer from the pages' folder."""
        self._docs = docs
        super().__init__(*arguments, directory=str(docs.folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Show a page."""
        path = self.path.partition("?")[0]
        if path == "/health":
            self.answer(b"ok\n")
            return
        if path in {"/", "/index.html"}:
            self._docs.refresh()
            if not (self._docs.folder / "index.html").exists():
                self.answer(_NOTHING)
                return
        super().do_GET()

    def answer(self, text: bytes) -> None:
        """Send a text."""
        self.send_response(200)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def end_headers(self) -> None:
        """Keep the browser from showing old pages, and from telling others of them."""
        self.send_header("cache-control", "no-cache")
        self.send_header("content-security-policy", _POLICY)
        self.send_header("referrer-policy", "no-referrer")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent: readiness probes would fill the log."""


def main() -> None:
    """Run until a signal ends us."""
    made = argparse.ArgumentParser(description="Show suites of expectations and results of validations.")
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--data", type=Path, required=True)
    options = made.parse_args()
    docs = Docs(options.data)
    docs.prepare()
    server = ThreadingHTTPServer((options.host, options.port), partial(Page, docs=docs))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
