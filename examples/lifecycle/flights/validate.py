"""Validate: a batch fits its schema and moves on, or goes to quarantine with a report that people can read."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from flights.settings import Folders

EXAMPLES = 3
"""Values of each problem that a report shows."""
PLAIN = {"field_uniqueness": "each value once", "not_nullable": "never empty", "column_in_schema": "no other columns"}
"""Names of pandera's own rules in reports."""


def _number(low: float, high: float, *, nullable: bool = False) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(low, high), nullable=nullable, coerce=True)


_TIME = pd.DatetimeTZDtype("us", "UTC")
SCHEDULE = pa.DataFrameSchema(
    {
        "flight_id": pa.Column(str, unique=True),
        "date": pa.Column("datetime64[us]", coerce=True),
        "departs": pa.Column(_TIME, coerce=True),
        "minute_of_day": _number(0, 1439),
        "carrier": pa.Column(str, pa.Check.str_matches(r"^[A-Z0-9]{2}$")),
        "origin": pa.Column(str, pa.Check.isin(["EWR", "JFK", "LGA"])),
        "dest": pa.Column(str, pa.Check.str_matches(r"^[A-Z]{3}$")),
        "distance": _number(10, 6000),
        "seats": _number(1, 600, nullable=True),
        "built": _number(1940, 2014, nullable=True),
        "observed": pa.Column(_TIME, coerce=True),
        "temp": _number(-30, 120, nullable=True),
        "dewp": _number(-40, 100, nullable=True),
        "humid": _number(0, 100, nullable=True),
        "wind_speed": _number(0, 150, nullable=True),
        "precip": _number(0, 5, nullable=True),
        "pressure": _number(930, 1060, nullable=True),
        "visib": _number(0, 10, nullable=True),
    },
    checks=[
        pa.Check(lambda table: table["observed"] < table["departs"], name="weather seen before departure"),
        pa.Check(lambda table: table["date"].min() == table["date"].max(), name="flights of one day"),
        pa.Check(lambda table: len(table) >= 100, name="at least 100 flights"),
    ],
    strict=True,  # a column more could tell what happens later
)
ARRIVALS = pa.DataFrameSchema(
    {"flight_id": pa.Column(str, unique=True), "arr_delay": _number(-180, 2880)},
    checks=[pa.Check(lambda table: table["arr_delay"].median() < 240, name="half of the flights within four hours")],
    strict=True,
)


@dataclass(frozen=True)
class Verdict:
    """What became of a batch: it was accepted unless it has problems."""

    file: str
    problems: list[str]


def validate(batches: list[Path], folders: Folders) -> list[Verdict]:
    """Move each batch on or into quarantine, and say why."""
    return [_move(batch, inspect(batch), folders) for batch in batches]


def inspect(batch: Path) -> list[str]:
    """Return the problems of a batch, each in a sentence; none for a good one."""
    schema = SCHEDULE if batch.name.startswith("schedule-") else ARRIVALS
    try:
        schema.validate(pd.read_parquet(batch), lazy=True)
    except pa.errors.SchemaErrors as found:
        return _sentences(found.failure_cases)
    except (OSError, ValueError) as error:
        return [f"The file cannot be read: {error}"]
    return []


def _sentences(cases: pd.DataFrame) -> list[str]:
    groups = cases.groupby(["column", "check"], sort=False, dropna=False)["failure_case"]
    return [_sentence(column, check, values) for (column, check), values in groups]


def _sentence(column: object, check: object, values: pd.Series) -> str:
    rule = PLAIN.get(str(check), check)
    shown = ", ".join(str(each) for each in values.head(EXAMPLES))
    return f"`{column}`: {len(values)} values break the rule `{rule}`, such as {shown}"


def _move(batch: Path, problems: list[str], folders: Folders) -> Verdict:
    target = folders.quarantine if problems else folders.accepted
    shutil.move(batch, target / batch.name)
    if problems:
        lines = [
            f"# {batch.name} was refused",
            "",
            "No model sees this batch. Repair it and put it into the inbox.",
            "",
        ]
        text = "\n".join([*lines, *(f"* {each}" for each in problems)])
        (target / f"{batch.stem}.md").write_text(f"{text}\n")
    return Verdict(batch.name, problems)
