"""A program that lives on without one of its listeners is found by the ports that nobody listens on any more."""

import socket

import pytest

from platinfra.drivers import lost_ports
from platinfra.drivers.lost_ports import Watch, listened_on


@pytest.mark.parametrize("tables", [lost_ports._TABLES, ("/nowhere",)], ids=["the system's tables", "connections"])
def test_only_what_is_listened_on_counts(tables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_ports, "_TABLES", tables)
    with socket.create_server(("127.0.0.1", 0)) as open_one, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        heard, deaf = open_one.getsockname()[1], bound.getsockname()[1]
        assert listened_on({heard, deaf}) == {heard}
    assert listened_on({heard, deaf}) == set()


def test_a_port_is_missed_only_once_it_was_heard_and_from_then_on() -> None:
    watch = Watch(1, (10, 11))
    assert [watch.look(set(), 0.0), watch.look({10}, 5.0), watch.look({10}, 90.0)] == [0.0, 0.0, 0.0]
    assert watch.look({10, 11, 12}, 95.0) == 0.0
    assert [watch.look({11}, 100.0), watch.look({11}, 105.0), watch.look(set(), 110.0)] == [0.0, 5.0, 10.0]


def test_a_listener_that_is_back_is_forgiven() -> None:
    watch = Watch(1, (10,))
    assert [watch.look({10}, 0.0), watch.look(set(), 5.0), watch.look({10}, 10.0)] == [0.0, 0.0, 0.0]
    assert [watch.look(set(), 15.0), watch.look(set(), 20.0)] == [0.0, 5.0]
