"""Who is let in, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.portal.session import Session
from tests.portal.stack import Browser, FakeWindow, browser, window

PAGES = (
    "/",
    "/graph",
    "/components/mlflow",
    "/components/mlflow/restart",
    "/logs",
    "/logs/stream",
    "/changes",
    "/catalog",
    "/none",
)
RESTART = "/components/mlflow/restart"


@pytest.fixture
def shown(tmp_path: Path) -> FakeWindow:
    return window(tmp_path)


@pytest.fixture
def person(shown: FakeWindow) -> Iterator[Browser]:
    with browser(shown) as made:
        yield made


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("cookie", [None, "", "other=1", "{name}=", "{name}=wrong", "{name}=ä"])
def test_without_its_cookie_every_page_says_how_to_get_in(person: Browser, path: str, cookie: str | None) -> None:
    sent = cookie and cookie.format(name=person.session.cookie_name)
    answer = person.ask(path, Cookie=sent)
    assert answer.status == 401
    assert "platinfra portal" in answer.text
    assert "mlflow" not in answer.text


def test_a_login_path_gives_the_cookie_once_and_the_next_one_is_told(person: Browser) -> None:
    first = person.session.login_url
    path = first.removeprefix(person.session.origin)
    answer = person.ask(path, Cookie=None)
    assert answer.status == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(person.cookie)
    assert {each.strip().lower() for each in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}
    assert person.ask("/", Cookie=cookie.partition(";")[0]).status == 200
    assert person.ask(path, Cookie=None).status == 401
    assert person.told == [person.session.login_url]
    assert person.session.login_url != first


def test_a_glance_at_the_login_path_does_not_use_it_up(person: Browser) -> None:
    path = person.session.login_url.removeprefix(person.session.origin)
    assert person.ask(path, "HEAD", Cookie=None).status == 401
    assert person.ask(path, Cookie=None).status == 200


@pytest.mark.parametrize("path", ["/login/", "/login/wrong", "/login/ä%00"])
def test_a_wrong_login_path_gives_nothing(person: Browser, path: str) -> None:
    answer = person.ask(path.replace("ä", "%C3%A4"), Cookie=None)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/static/portal.css", "/login/{login}"])
def test_another_host_is_refused_in_plain_text(person: Browser, host: str, path: str) -> None:
    port = person.session.address.rpartition(":")[2]
    answer = person.ask(path.format(login=person.session.login), Host=host.format(port=port))
    assert answer.status == 403
    assert answer.headers["content-type"].startswith("text/plain")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://{address}"])
def test_a_form_of_another_page_changes_nothing(person: Browser, shown: FakeWindow, origin: str | None) -> None:
    answer = person.send(RESTART, Origin=origin and origin.format(address=person.session.address))
    assert answer.status == 403
    assert shown.restarts == []


@pytest.mark.parametrize("body", ["", "form=", "form=wrong", "other={form}", "form=x{form}"])
def test_a_form_without_the_token_changes_nothing(person: Browser, shown: FakeWindow, body: str) -> None:
    answer = person.ask(RESTART, "POST", body.format(form=person.session.form), Origin=person.session.origin)
    assert answer.status == 403
    assert shown.restarts == []


def test_a_form_that_is_too_large_is_not_read(person: Browser, shown: FakeWindow) -> None:
    body = f"form={person.session.form}&x={'y' * 5000}"
    assert person.ask(RESTART, "POST", body, Origin=person.session.origin).status == 413
    assert shown.restarts == []


def test_a_form_without_cookie_changes_nothing(person: Browser, shown: FakeWindow) -> None:
    assert person.send(RESTART, Cookie=None).status == 401
    assert shown.restarts == []


def test_what_changes_something_is_no_link(person: Browser, shown: FakeWindow) -> None:
    assert "Restart mlflow?" in person.page(RESTART)
    assert shown.restarts == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_allowed(person: Browser, method: str) -> None:
    assert person.ask("/", method).status == 405


@pytest.mark.parametrize(
    "path", ["/static/../gate.py", "/static/%2e%2e/gate.py", "/static/%2e%2e%2fgate.py", "/static//etc/passwd"]
)
def test_static_files_are_those_of_one_folder(person: Browser, path: str) -> None:
    answer = person.ask(path)
    assert answer.status == 404
    assert "Gate" not in answer.text


@pytest.mark.parametrize(("path", "cookie"), [("/", True), ("/", False), ("/none", True), ("/static/portal.js", True)])
def test_every_answer_carries_the_policy_of_its_content(person: Browser, path: str, cookie: bool) -> None:
    headers = person.ask(path, **({} if cookie else {"Cookie": None})).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_tokens_are_long_different_and_not_shown() -> None:
    session, other = Session("127.0.0.1:1"), Session("127.0.0.1:1")
    tokens = {session.login, session.cookie, session.form, other.login, other.cookie, other.form}
    assert len(tokens) == 6
    assert min(map(len, tokens)) >= 43
    assert not any(each in repr(session) for each in tokens)
