"""Ports are free, distinct and stay the same."""

import os
import socket
from collections.abc import Iterator

import pytest

from platinfra.drivers import port

Taken = socket.socket


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    """Return a socket that listens on some port."""
    with socket.socket() as listener:
        listener.bind((request.param, 0))
        listener.listen()
        yield listener


def _number(listener: Taken) -> int:
    return int(listener.getsockname()[1])


def _free() -> int:
    return port.assign({"x": 20000 + os.getpid() % 9000}, {}, frozenset())["x"]


def test_the_usual_port_is_used_when_it_is_free() -> None:
    free = _free()
    assert port.assign({"a.http": free}, {}, frozenset()) == {"a.http": free}


def test_the_next_free_port_is_used_otherwise(taken: Taken) -> None:
    found = port.assign({"a.http": _number(taken)}, {}, frozenset())["a.http"]
    assert found != _number(taken)
    assert port.is_free(found)


def test_ports_are_distinct_and_nobody_takes_the_usual_port_of_another() -> None:
    free = _free()
    found = port.assign({"a": free, "b": free, "c": free + 1}, {}, frozenset())
    assert found["a"] == free
    assert found["c"] == free + 1
    assert len(set(found.values())) == 3


def test_a_kept_port_stays_even_when_it_is_taken(taken: Taken) -> None:
    kept = {"a": _number(taken), "gone": 1234}
    assert port.assign({"a": 5000}, kept, frozenset()) == {"a": _number(taken)}


def test_nobody_else_gets_a_kept_port() -> None:
    free = _free()
    assert port.assign({"new": free, "old": 1}, {"old": free}, frozenset())["new"] != free


def test_what_an_own_process_listens_on_counts_as_free(taken: Taken) -> None:
    number = _number(taken)
    assert port.assign({"a": number}, {}, frozenset({os.getpid()})) == {"a": number}


def test_ports_that_the_system_hands_out_itself_are_avoided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "_ephemeral", lambda: (30000, 60000))
    monkeypatch.setattr(port, "is_free", lambda number: number != 29999)
    assert port.assign({"a": 29999}, {}, frozenset()) == {"a": 60001}


def test_a_port_on_the_other_protocol_is_not_free() -> None:
    with socket.socket(socket.AF_INET6) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        listener.listen()
        assert not port.is_free(_number(listener))


def test_the_holder_of_a_port_is_named(taken: Taken) -> None:
    text = port.holder(_number(taken))
    assert text
    assert f"(pid {os.getpid()})" in text


def test_a_free_port_has_no_holder() -> None:
    assert port.holder(_free()) is None


def test_a_holder_that_may_not_be_seen_is_said_so(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "_listening", list)
    assert port.holder(_number(taken)) == "a process of another user"
