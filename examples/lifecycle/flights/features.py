"""Features: only what is known before departure, computed in one way for training, serving and monitoring."""

from dataclasses import dataclass

import pandas as pd

from flights.settings import HELD_OUT_DAYS

CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = ["minute_of_day", "distance", "seats", "built"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
FEATURES = [*CATEGORIES, "weekday", *NUMBERS, *WEATHER]


@dataclass(frozen=True)
class Split:
    """Flights to train on, and later ones that are held out."""

    training: pd.DataFrame
    held_out: pd.DataFrame


def features(flights: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a model sees: three texts, and numbers of which some may be absent."""
    table = flights.assign(weekday=flights["date"].dt.weekday)[FEATURES]
    return table.astype(dict.fromkeys(CATEGORIES, str) | dict.fromkeys(FEATURES[len(CATEGORIES) :], float))


def split(flights: pd.DataFrame, days: int = HELD_OUT_DAYS) -> Split:
    """Hold out the last days; raise ValueError when nothing is left to train on."""
    border = flights["date"].max() - pd.Timedelta(days=days - 1)
    parts = Split(flights[flights["date"] < border], flights[flights["date"] >= border])
    if parts.training.empty:
        raise ValueError(f"all flights are of the last {days} days; more are needed to train a model")
    return parts
