"""Logs are read piece by piece, whatever their size, and followed."""

import asyncio
import json
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.log_file import BLOCK, read_after, read_before
from platinfra.portal.log_lines import from_position, stream, to_position
from platinfra.targets.local.verbs.log_pages import LocalLogs
from tests.portal.stack import HOSTILE, Browser, FakeWindow, browser, window


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "a.log"


@pytest.fixture
def shown(tmp_path: Path) -> FakeWindow:
    return window(tmp_path)


def lines_of(text: str) -> list[str]:
    """Return the lines of a page's log."""
    part = text.partition('id="log"')[2].partition("</ol>")[0]
    return re.findall(r"<li><a class=\"source\" href=\"[^\"]*\">([^<]*)</a> <span>([^<]*)</span>", part)


@contextmanager
def follow(person: Browser, query: str, **headers: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection(person.session.address, timeout=20)
    sent = {"Host": person.session.address, "Cookie": person.cookie, **headers}
    connection.request("GET", f"/logs/stream?{query}", headers=sent)
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def next_event(stream: HTTPResponse) -> tuple[str, list[list[str]]]:
    """Return the id and the lines of the next event; the socket's own timeout ends a wait."""
    position = ""
    for _ in range(100):
        line = stream.readline().decode()
        if line.startswith("id: "):
            position = line.removeprefix("id: ").strip()
        if line.startswith("data: "):
            return position, json.loads(line.removeprefix("data: "))
    raise AssertionError("no event came")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_backwards_make_up_the_whole_log(log: Path, size: int) -> None:
    written = [f"line {number} {'ä' * (number % 90)}" for number in range(3000)]
    log.write_text("".join(f"{each}\n" for each in written))
    found, end = [], None
    for _ in range(5000):
        page = read_before(log, end, size)
        found = [*page.lines, *found]
        end = page.start
        if end == 0:
            break
        assert len(page.lines) == size
    assert found == written


def test_pages_forwards_make_up_the_whole_log(log: Path) -> None:
    written = [f"line {number}" for number in range(40_000)]
    log.write_text("".join(f"{each}\n" for each in written))
    found, end = [], 0
    for _ in range(50):
        page = read_after(log, end)
        found += page.lines
        end = page.end
    assert found == written


@pytest.mark.parametrize("lines", [1, 200])
def test_what_is_read_of_a_long_log_is_bounded(log: Path, lines: int) -> None:
    log.write_bytes(b"x" * 99 + b"\n" + (b"y" * 4095 + b"\n") * 8000)
    tracemalloc.start()
    read_before(log, None, lines)
    read_after(log, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * BLOCK < log.stat().st_size


def test_a_line_without_end_is_read_in_pieces(log: Path) -> None:
    log.write_bytes(b"z" * (3 * BLOCK))
    assert [len(each) for each in read_before(log, None, 10).lines] == [BLOCK]
    page = read_after(log, 0)
    assert (len(page.lines[0]), page.end) == (BLOCK, BLOCK)


def test_a_line_that_is_being_written_waits_for_its_end(log: Path) -> None:
    log.write_text("one\ntw")
    assert read_before(log, None, 10).lines == ("one",)
    page = read_after(log, 0)
    assert (page.lines, page.end) == (("one",), 4)
    log.write_text("one\ntwo\n")
    assert read_after(log, page.end).lines == ("two",)


def test_a_log_that_shrank_is_read_from_its_beginning(log: Path) -> None:
    log.write_text("new\n")
    assert read_after(log, 1000).lines == ("new",)


def test_a_log_that_is_missing_says_nothing(log: Path) -> None:
    assert read_before(log, None, 10).lines == read_after(log, 0).lines == ()


def test_bytes_that_are_no_text_are_replaced(log: Path) -> None:
    log.write_bytes(b"\xff\xfe\r\n\x00end\n")
    assert read_before(log, None, 10).lines == ("��", "\x00end")


def test_secrets_of_the_stack_are_left_out(log: Path) -> None:
    log.write_text("GET /?token=very-secret-word HTTP/1.1\n")
    logs = LocalLogs({"a.server": log}, {"a.server": "a"}, ("very-secret-word",))
    assert (
        logs.before("a.server", None, 10).lines == logs.after("a.server", 0).lines == ("GET /?token=[secret] HTTP/1.1",)
    )
    assert "very-secret-word" not in repr(logs)
    with pytest.raises(PlatinfraError, match="has no log"):
        logs.before("b.server", None, 10)


def test_the_page_has_the_ends_of_all_logs(shown: FakeWindow) -> None:
    with browser(shown) as person:
        assert lines_of(person.page("/logs")) == [(name, f"{name} listens") for name in shown.files]


def test_the_page_can_be_narrowed_to_a_component_and_a_text(shown: FakeWindow) -> None:
    shown.files["mlflow.server"].write_text("One\nTwo ONE\nthree\n")
    with browser(shown) as person:
        assert lines_of(person.page("/logs?component=mlflow&text=one")) == [
            ("mlflow.server", "One"),
            ("mlflow.server", "Two ONE"),
        ]
        assert "No line has this text" in person.page("/logs?text=nowhere")
        assert lines_of(person.page("/logs?component=none")) == []


def test_the_page_leads_to_what_is_before(shown: FakeWindow) -> None:
    shown.files["mlflow.server"].write_text("".join(f"{number}\n" for number in range(450)))
    seen: list[str] = []
    with browser(shown) as person:
        path = "/logs?component=mlflow"
        for _ in range(5):
            text = person.page(path)
            seen = [line for _, line in lines_of(text)] + seen
            found = re.search(r'href="(/logs\?component=mlflow.server&amp;before=\d+)">Earlier', text)
            if not found:
                break
            path = found[1].replace("&amp;", "&")
            assert "data-stream" not in person.page(path)
    assert seen == [str(number) for number in range(450)]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "²", "99999999"])
def test_a_place_that_is_none_is_no_error(shown: FakeWindow, before: str) -> None:
    with browser(shown) as person:
        assert person.ask(f"/logs?component=mlflow&before={quote(before)}").status == 200
        assert (
            person.ask(f"/logs?component=mlflow&before={quote(before)}&after=mlflow.server%3D{quote(before)}").status
            == 200
        )


def test_a_place_is_read_as_it_is_written() -> None:
    places = {"a.server": 12, "b&=ü": 3}
    assert from_position(to_position(places)) == places


def test_lines_are_streamed_from_where_the_page_ended(shown: FakeWindow) -> None:
    with browser(shown) as person:
        address = re.search(r'data-stream="/logs/stream\?([^"]*)"', person.page("/logs"))
        assert address
        with follow(person, address[1].replace("&amp;", "&")) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            with shown.files["mlflow.server"].open("a") as log:
                log.write(f"{HOSTILE}\n")
            position, lines = next_event(answer)
        assert lines == [["mlflow.server", "mlflow", HOSTILE]]
        with shown.files["mlflow.server"].open("a") as log:
            log.write("after the pause\n")
        with follow(person, address[1].replace("&amp;", "&"), **{"Last-Event-ID": position}) as answer:
            assert next_event(answer)[1] == [["mlflow.server", "mlflow", "after the pause"]]


def test_a_stream_of_one_component_has_no_lines_of_others(shown: FakeWindow) -> None:
    with browser(shown) as person, follow(person, "component=prefect&after=mlflow.server%3D0") as answer:
        assert next_event(answer)[1] == [["prefect.server", "prefect", "prefect.server listens"]]


def test_a_stream_ends_with_the_portal(shown: FakeWindow) -> None:
    async def read() -> list[str]:
        return [
            each
            async for each in stream(shown.logs(), {"mlflow.server": 0}, "", lambda: len(looks.append(0) or looks) > 2)
        ]

    looks: list[int] = []
    first, lines = asyncio.run(asyncio.wait_for(read(), 10))
    assert first.startswith(":")
    assert "mlflow.server listens" in lines


def test_the_portal_ends_while_somebody_follows(shown: FakeWindow) -> None:
    with browser(shown) as person:
        following = follow(person, "component=mlflow")
        next_event(following.__enter__())
    # `browser` asserts that its server has ended.
