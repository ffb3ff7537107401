"""`status` as people watch it."""

from collections.abc import Iterator

import pytest

from platinfra.cli.commands import status_command
from platinfra.targets.answers import ComponentStatus


def component(health: str, detail: str = "") -> ComponentStatus:
    return ComponentStatus(
        "mlflow", "mlflow", (), health, detail, "3.1", "http://127.0.0.1:5000", 120_000_000, 2, 3, 10.0
    )


def test_watched_components_are_drawn_anew_each_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks: Iterator[list[ComponentStatus]] = iter([[component("starting", "[red]it wakes")], [component("healthy")]])
    monkeypatch.setattr(status_command, "_PAUSE", 0.0)
    for name, value in {"COLUMNS": "160", "TERM": "xterm", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StopIteration):
        status_command._draw(lambda: next(looks))
    shown = capsys.readouterr().out
    first, _, second = shown.partition("1 of 1 healthy")
    assert "0 of 1 healthy" in first
    assert "[red]it wakes" in first
    assert "mlflow" in second
    assert "120 MB" in second
