"""The pages of Great Expectations: built when there is something newer, and silent towards their maker."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.targets.kubernetes.test_recipes_stores import module

pages = module("great-expectations", "pages")
MAKE = "import sys, pathlib; (pathlib.Path(sys.argv[1]) / 'gx/great_expectations.yml').write_text('made')"
BUILD = """
import sys, pathlib
context = pathlib.Path(sys.argv[1]) / "gx"
site = context / "uncommitted/data_docs/local_site"
site.mkdir(parents=True, exist_ok=True)
(site / "index.html").write_text(" ".join(sorted(each.stem for each in context.glob("expectations/*.json"))))
(site / "built").open("a").write("x")
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Return the folder of a context with nothing in it."""
    (tmp_path / "gx" / "expectations").mkdir(parents=True)
    return tmp_path / "gx"


@pytest.fixture
def url(context: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the pages, with a program that builds them in place of Great Expectations."""
    monkeypatch.setattr(pages, "_BUILD", BUILD)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(pages.Page, docs=pages.Docs(context.parent)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(5)
    server.server_close()


def read(url: str) -> str:
    with urlopen(url, timeout=20) as answer:
        assert "img-src 'self'" in answer.headers["content-security-policy"]
        return str(answer.read().decode())


def test_the_pages_are_built_once_for_each_change(url: str, context: Path) -> None:
    assert read(f"{url}/health") == "ok\n"
    assert read(url).startswith("Nothing is validated yet")
    for number, name in enumerate(("first", "second"), 1):
        (context / "expectations" / f"{name}.json").touch()
        assert name in read(url)
        assert name in read(f"{url}/index.html")
        assert len(read(f"{url}/built")) == number
    (context / "expectations" / "first.json").unlink()
    assert read(url) == "second"


def test_a_page_that_cannot_be_built_leaves_the_former_one(
    url: str, context: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (context / "expectations" / "first.json").touch()
    assert read(url) == "first"
    (context / "expectations" / "half.json").touch()
    monkeypatch.setattr(pages, "_BUILD", "raise ValueError('half a file')")
    assert read(url) == "first"
    assert "the pages are not built" in capfd.readouterr().err


def test_a_context_is_made_where_there_is_none_and_kept_where_there_is_one(
    context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_MAKE", MAKE)
    pages.Docs(context.parent).prepare()
    assert (context / "great_expectations.yml").read_text() == "made"
    (context / "great_expectations.yml").write_text("kept")
    pages.Docs(context.parent).prepare()
    assert (context / "great_expectations.yml").read_text() == "kept"
