"""A program that lives on without one of its listeners is found by the ports that nobody listens on any more."""

import socket
import tracemalloc
from pathlib import Path

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


def test_a_table_with_many_connections_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The supervisor reads it every five seconds for as long as a stack is up."""
    line = "{:4}: 0100007F:{:04X} 0100007F:1F90 {} 00000000:00000000 00:00000000 00000000  0 0 0 1 0000000000000000\n"
    table = tmp_path / "tcp"
    states = ["0A" if port == 9000 else "06" for port in range(1, 20001)]
    table.write_text("sl\n" + "".join(line.format(port, port, state) for port, state in enumerate(states, 1)))
    monkeypatch.setattr(lost_ports, "_TABLES", (str(table), str(tmp_path / "tcp6")))
    tracemalloc.start()
    found = lost_ports.listened_on({80, 9000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == {9000}
    assert peak < 100_000
