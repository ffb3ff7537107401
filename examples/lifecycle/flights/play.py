"""Play production: day after day puts batches into the inbox, the arrivals of a day some days after its schedule."""

import argparse
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from flights import source
from flights.settings import Folders

FIRST, LAST = date(2013, 1, 1), date(2013, 12, 31)
LABEL_DELAY = timedelta(days=3)
"""How long after a day its arrivals are known."""


def play(folders: Folders, first: date, days: int, spoilt: date | None = None) -> date:
    """Let some days pass, and return the last one; the batch of a spoilt day is broken on its way."""
    last = min(first + timedelta(days=days - 1), LAST)
    day = max(first, FIRST)
    while day <= last:
        schedule = source.schedule(day)
        _write(spoil(schedule) if day == spoilt else schedule, folders.inbox / f"schedule-{day}.parquet")
        if (ended := day - LABEL_DELAY) >= FIRST:
            _write(source.arrivals(ended), folders.inbox / f"arrivals-{ended}.parquet")
        day += timedelta(days=1)
    return last


def next_day(folders: Folders) -> date | None:
    """Return the day after the last one that was played; None before the first."""
    names = [each.stem for folder in folders.all() for each in folder.glob("schedule-*.parquet")]
    return date.fromisoformat(max(names).removeprefix("schedule-")) + timedelta(days=1) if names else None


def spoil(schedule: pd.DataFrame) -> pd.DataFrame:
    """Break a batch as real feeds do: Newark's wind is 100 times too strong, distances are negative, rows come twice."""
    broken = schedule.copy()
    broken.loc[broken["origin"] == "EWR", "wind_speed"] *= 100
    broken.loc[broken.index[:20], "distance"] *= -1
    return pd.concat([broken, broken.tail(5)], ignore_index=True)


def _write(table: pd.DataFrame, file: Path) -> None:
    part = file.with_suffix(".part")
    table.to_parquet(part, index=False)
    part.rename(file)  # whoever looks into the inbox sees whole files only


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(prog="python -m flights.play", description=__doc__)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--spoil", type=date.fromisoformat, metavar="YYYY-MM-DD", help="break the batch of this day")
    options = parser.parse_args()
    if options.days < 1 or not FIRST <= options.first <= LAST:
        parser.error(f"at least one day, from {FIRST} to {LAST}")
    folders = Folders()
    last = play(folders, options.first, options.days, options.spoil)
    print(f"played {options.first} to {last} into {folders.inbox}")


if __name__ == "__main__":
    main()
