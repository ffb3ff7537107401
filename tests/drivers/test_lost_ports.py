"""A program that lives on without one of its listeners is found by the ports that nobody listens on any more."""

import socket

import pytest

from platinfra.drivers import lost_ports
from platinfra.drivers.lost_ports import PATIENCE, Watch, listened_on


@pytest.mark.parametrize("tables", [lost_ports._TABLES, ("/nowhere",)], ids=["the system's tables", "connections"])
def test_only_what_is_listened_on_counts(tables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_ports, "_TABLES", tables)
    with socket.create_server(("127.0.0.1", 0)) as open_one, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        heard, deaf = open_one.getsockname()[1], bound.getsockname()[1]
        assert listened_on({heard, deaf}) == {heard}
    assert listened_on({heard, deaf}) == set()


def test_a_port_that_was_heard_is_late_after_a_while() -> None:
    watch = Watch(1, (10, 11), 60.0)
    assert watch.look({10, 11, 12}, 0.0) == {}
    assert [watch.look({11}, 5.0), watch.look({11}, 5.0 + PATIENCE - 1)] == [{}, {}]
    assert watch.look({11}, 5.0 + PATIENCE) == {10: 0.0}
    assert watch.look(set(), 6.0 + PATIENCE) == {10: 1.0}


def test_a_listener_that_is_back_is_forgiven() -> None:
    watch = Watch(1, (10,), 60.0)
    assert [watch.look({10}, 0.0), watch.look(set(), 5.0), watch.look({10}, 10.0), watch.look(set(), 15.0)] == [{}] * 4
    assert watch.look(set(), 15.0 + PATIENCE - 1) == {}


def test_a_port_that_was_never_heard_has_as_long_as_a_start_takes() -> None:
    watch = Watch(1, (10, 11), 60.0)
    assert [watch.look({11}, 0.0), watch.look({11}, 59.0)] == [{}, {}]
    assert watch.look({11}, 60.0) == {10: 0.0}
