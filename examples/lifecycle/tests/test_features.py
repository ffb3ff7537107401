"""A model sees only what is known before departure, and is judged on later days only."""

from datetime import date

import pandas as pd
import pytest
from flights import features, source

OUTCOMES = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]


def test_outcomes_change_no_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    read, day = source._read, date(2013, 3, 5)
    before, late = features.features(source.schedule(day)), source.arrivals(day)

    def other(name: str) -> pd.DataFrame:
        table = read(name)
        return table.assign(**{each: table[each] * -3 + 1 for each in OUTCOMES}) if "flights" in name else table

    monkeypatch.setattr(source, "_read", other)
    source._flights.cache_clear()
    try:
        assert source.arrivals(day)["arr_delay"].mean() != late["arr_delay"].mean()
        pd.testing.assert_frame_equal(features.features(source.schedule(day)), before)
    finally:
        source._flights.cache_clear()


def test_the_label_is_no_feature(flights: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(features.features(flights), features.features(flights.assign(late=~flights["late"])))


def test_weather_is_older_than_the_flight() -> None:
    schedule = source.schedule(date(2013, 7, 4))
    assert (schedule["departs"] - schedule["observed"]).min() >= pd.Timedelta(hours=1)
    assert (schedule["departs"] - schedule["observed"]).max() < pd.Timedelta(hours=2)
    assert schedule["temp"].notna().mean() > 0.9


def test_held_out_days_are_the_last_ones(flights: pd.DataFrame) -> None:
    parts = features.split(flights)
    assert parts.training["date"].max() < parts.held_out["date"].min()
    assert parts.held_out["date"].nunique() == 7
    assert len(parts.training) + len(parts.held_out) == len(flights)
    with pytest.raises(ValueError, match="more are needed"):
        features.split(parts.held_out)
