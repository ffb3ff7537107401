"""Ports that somebody else has are found before anything starts, all of them, and none of the stack's own."""

import sys
from typing import Any

import click
import pytest

from platinfra.cli.consent import Consent
from platinfra.model.plan import Plan, Seen
from platinfra.model.ports import ProcessSpec
from platinfra.targets.local.actions import Start
from platinfra.targets.local.preflight import taken_ports
from platinfra.targets.local.taken import TakenPort
from tests.stacks import TRACKING, plan_of
from tests.worlds import Fakes

PLAN = plan_of(TRACKING)
STRANGER = TakenPort("mlflow", 5000, "`mlflow.server` of the stack `churn` in `/elsewhere` (pid 7)")


def ports(plan: Plan) -> dict[int, str]:
    """Return the ports of everything that a plan starts, with their components."""
    starts = [each for each in plan.actions if isinstance(each, Start)]
    return {address.port: each.component for each in starts for address in each.addresses}


def found(fakes: Fakes) -> dict[int, TakenPort]:
    seen = Seen(fakes.world, fakes.processes.statuses())
    return {each.port: each for each in taken_ports(PLAN, seen)}


def strangers() -> Fakes:
    """Return a world in which others listen on every port, and no process of the stack does."""
    fakes = Fakes()
    fakes.sockets.taken = {port: f"holder of {port}" for port in (*ports(PLAN), 1)}
    fakes.processes.deaf |= {each.process for each in PLAN.actions if isinstance(each, Start)}
    return fakes


def test_every_taken_port_is_told_at_once_with_its_holder() -> None:
    fakes = strangers()
    assert {port: each.component for port, each in found(fakes).items()} == ports(PLAN)
    assert len(found(fakes)) > 1
    assert all(each.holder == f"holder of {port}" for port, each in found(fakes).items())


def test_free_ports_are_no_trouble() -> None:
    assert found(Fakes()) == {}


def test_a_process_that_stays_is_not_asked_about() -> None:
    fakes = strangers()
    (stays,) = (each for each in PLAN.actions if isinstance(each, Start) and each.component == "mlflow")
    fakes.processes.start(
        ProcessSpec(
            stays.process,
            stays.command.spec(stays.component, fakes.world),
            stays.digest,
            stays.stop_signal,
            stays.grace,
        )
    )
    assert {each.component for each in found(fakes).values()} == set(ports(PLAN).values()) - {"mlflow"}


@pytest.mark.parametrize("supervised", [True, False])
def test_what_the_stack_itself_listens_on_is_its_own(*, supervised: bool) -> None:
    fakes = strangers()
    (start,) = (each for each in PLAN.actions if isinstance(each, Start) and each.component == "mlflow")
    fakes.processes.deaf.remove(start.process)
    if supervised:
        older = start.command.spec(start.component, fakes.world)
        fakes.processes.start(ProcessSpec(start.process, older, "another digest", "TERM", 1))
    assert not {each.port for each in start.addresses} & found(fakes).keys()


def test_the_problem_names_the_holder_and_the_way_out() -> None:
    problem = STRANGER.problem
    assert problem.code == "port-taken"
    assert problem.message == f"port 5000 of `mlflow` is in use by {STRANGER.holder}"
    assert "platinfra up --move-ports" in problem.hint


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_people_are_told_and_asked(
    answer: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "confirm", lambda question, **_: asked.append(question) or answer)
    assert Consent().may_move([STRANGER.sentence]) is answer
    assert "Port 5000 of `mlflow` is in use by `mlflow.server` of the stack `churn`" in capsys.readouterr().err
    assert len(asked) == 1


@pytest.mark.parametrize(("yes", "terminal"), [(True, True), (False, False), (True, False)])
def test_nobody_else_moves_a_port(*, yes: bool, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: pytest.fail("asked"))
    assert Consent(yes=yes).may_move([STRANGER.sentence]) is False
