"""What arrives in the inbox, and what becomes of it."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from flights import ingest, play, source, validate
from flights.settings import Folders

DAY = date(2013, 2, 1)


def write(table: pd.DataFrame, folders: Folders, day: date = DAY) -> Path:
    file = folders.inbox / f"schedule-{day}.parquet"
    table.to_parquet(file, index=False)
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "workspace")


def test_arrivals_come_three_days_after_the_schedule(empty: Folders) -> None:
    last = play.play(empty, DAY, 4)
    assert last == DAY + timedelta(days=3)
    names = {each.stem for each in ingest.ingest(empty)}
    assert {f"schedule-{DAY}", f"arrivals-{DAY}", f"schedule-{last}"} <= names
    assert f"arrivals-{last}" not in names
    assert play.next_day(empty) == last + timedelta(days=1)


def test_the_year_ends(empty: Folders) -> None:
    assert play.play(empty, play.LAST, 5) == play.LAST
    assert play.next_day(empty) == date(2014, 1, 1)


def test_good_batches_are_accepted_and_the_inbox_is_empty(folders: Folders) -> None:
    verdicts = validate.validate(ingest.ingest(folders), folders)
    assert [each for each in verdicts if each.problems] == []
    assert ingest.ingest(folders) == []
    assert len([*folders.accepted.glob("schedule-*")]) == 21


def test_a_spoilt_batch_is_in_quarantine_with_a_report_and_reaches_no_training(empty: Folders) -> None:
    play.play(empty, DAY, 6, spoilt=DAY + timedelta(days=1))
    validate.validate(ingest.ingest(empty), empty)
    name = f"schedule-{DAY + timedelta(days=1)}"
    assert [each.name for each in sorted(empty.quarantine.iterdir())] == [f"{name}.md", f"{name}.parquet"]
    report = (empty.quarantine / f"{name}.md").read_text()
    assert "`wind_speed`" in report
    assert "`in_range(0, 150)`" in report
    assert "`distance`: 20 values" in report
    assert "`each value once`" in report
    table = ingest.gather(empty, 63)
    assert set(table["date"].dt.date) == {DAY, DAY + timedelta(days=2)}
    assert table["wind_speed"].max() <= 150


def test_what_happens_later_is_refused_as_a_column(empty: Folders) -> None:
    schedule = source.schedule(DAY)
    problems = validate.inspect(write(schedule.assign(dep_delay=0.0), empty))
    assert len(problems) == 1
    assert "dep_delay" in problems[0]
    assert "no other columns" in problems[0]


def test_weather_of_the_future_is_refused(empty: Folders) -> None:
    schedule = source.schedule(DAY)
    schedule.loc[3, "observed"] = schedule.loc[3, "departs"] + pd.Timedelta(minutes=1)
    assert "weather seen before departure" in validate.inspect(write(schedule, empty))[0]


@pytest.mark.parametrize(
    ("column", "value"), [("origin", "???"), ("temp", 300.0), ("minute_of_day", -1), ("flight_id", None)]
)
def test_each_wrong_value_is_named(empty: Folders, column: str, value: object) -> None:
    schedule = source.schedule(DAY)
    schedule.loc[7, column] = value
    (problem,) = validate.inspect(write(schedule, empty))
    assert problem.startswith(f"`{column}`: 1 values")


def test_half_a_batch_and_a_torn_file_are_refused(empty: Folders) -> None:
    assert "at least 100 flights" in validate.inspect(write(source.schedule(DAY).head(5), empty))[0]
    torn = write(source.schedule(DAY), empty)
    torn.write_bytes(torn.read_bytes()[:2000])
    assert "cannot be read" in validate.inspect(torn)[0]


def test_without_arrivals_there_is_nothing_to_train_on(empty: Folders) -> None:
    with pytest.raises(ValueError, match="both a schedule and arrivals"):
        ingest.gather(empty, 63)
