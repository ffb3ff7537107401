"""Ingest: what is new in the inbox, and a table of flights whose arrival is known."""

from pathlib import Path

import pandas as pd

from flights.settings import LATE_MINUTES, Folders


def ingest(folders: Folders) -> list[Path]:
    """Return the batches that wait in the inbox, by name."""
    return sorted(folders.inbox.glob("*.parquet"))


def gather(folders: Folders, days: int) -> pd.DataFrame:
    """
    Return the accepted flights of the last `days` days whose arrivals are known, with the column `late`, by departure.

    Raises ValueError when there are none.
    """
    known = sorted(each.stem.removeprefix("arrivals-") for each in folders.accepted.glob("arrivals-*.parquet"))
    names = [each for each in known if (folders.accepted / f"schedule-{each}.parquet").exists()]
    if not names:
        raise ValueError(f"no day in {folders.accepted} has both a schedule and arrivals")
    oldest = pd.Timestamp(names[-1]) - pd.Timedelta(days=days - 1)
    recent = [each for each in names if pd.Timestamp(each) >= oldest]
    schedule, arrivals = (_read(folders, kind, recent) for kind in ("schedule", "arrivals"))
    table = schedule.merge(arrivals, on="flight_id", validate="one_to_one").sort_values(["departs", "flight_id"])
    return table.assign(late=table["arr_delay"] >= LATE_MINUTES).drop(columns="arr_delay").reset_index(drop=True)


def newest_schedule(folders: Folders) -> pd.DataFrame:
    """Return the flights of the last accepted day; their arrivals are not known yet."""
    return pd.read_parquet(max(folders.accepted.glob("schedule-*.parquet")))


def _read(folders: Folders, kind: str, days: list[str]) -> pd.DataFrame:
    files = [folders.accepted / f"{kind}-{day}.parquet" for day in days]
    return pd.concat([pd.read_parquet(each) for each in files], ignore_index=True)
