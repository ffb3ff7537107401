"""Prices from the offer files of AWS' price list, CSV or JSON. Source: AWS Billing user guide, "Reading an offer file"."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from platinfra.diagnostics import Diagnostic, PlatinfraError, join_names
from platinfra.targets.aws.costs import Item

MAX_JSON = 256 * 1024 * 1024
"""Bytes of a JSON file; it takes several times as much memory to read."""
_PREAMBLE = 20
"""Lines in which the header of a CSV file has to come; five stand before it."""
_REGIONS_SHOWN = 4
Row = Mapping[str, str]
"""Attribute, in the spelling of `_spelt`, to value: one price of one product."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit on demand, in the first tier."""

    each: Decimal
    currency: str


def find_prices(files: Sequence[Path], region: str, items: Iterable[Item]) -> dict[Item, frozenset[Price]]:
    """
    Return the prices of items in a region: none where no offer matches, several where offers differ.

    Raises PlatinfraError for what is no offer file, and for files of other regions.
    """
    sought = [each for each in items if each.offer]
    found: dict[Item, set[Price]] = {}
    for file in files:
        code, rows = _open(file)
        for item, price in _matches(file, rows, region, [each for each in sought if each.offer == code]):
            found.setdefault(item, set()).add(price)
    return {item: frozenset(each) for item, each in found.items()}


def _matches(file: Path, rows: Iterable[Row], region: str, sought: list[Item]) -> Iterator[tuple[Item, Price]]:
    wanted = {each: {_spelt(name): value for name, value in each.where.items()} for each in sought}
    others: dict[str, None] = {}
    here = False
    for row in rows:
        if row.get("regioncode") != region:
            others[row.get("regioncode", "")] = None
            continue
        here = True
        if row.get("locationtype") != "AWS Region" or Decimal(row["startingrange"]):
            continue
        for item, where in wanted.items():
            if _is_of(row, item.usage) and all(row.get(name) == value for name, value in where.items()):
                yield item, Price(Decimal(row["priceperunit"]), row.get("currency", ""))
    if not here:
        raise PlatinfraError(_of_another_region(file, region, [each for each in others if each]))


def _is_of(row: Row, usage: str) -> bool:
    """Tell whether a usage type is the given one, behind the prefix of its region or without one."""
    found = row.get("usagetype", "")
    return not usage or found == usage or found.endswith(f"-{usage}")


def _open(file: Path) -> tuple[str, Iterator[Row]]:
    """Return the offer code of a file and its prices on demand, one by one; raise PlatinfraError for another file."""
    try:
        with file.open("rb") as opened:
            is_json = opened.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        return _open_json(file) if is_json else _open_csv(file)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError, csv.Error) as error:
        raise PlatinfraError(_no_offer(file, str(error))) from None


def _open_csv(file: Path) -> tuple[str, Iterator[Row]]:
    """Read the lines before the header, and leave the rest for later: the file may be larger than the memory."""
    opened = file.open(encoding="utf-8-sig", newline="")
    lines = csv.reader(opened)
    code = ""
    for _ in range(_PREAMBLE):
        line = next(lines, [])
        if line[:1] == ["OfferCode"] and len(line) > 1:
            code = line[1]
        if line[:1] == ["SKU"] and code:
            return code, _csv_rows(file, opened, lines, [_spelt(each) for each in line])
    opened.close()
    raise ValueError("there is no line `SKU,OfferTermCode,…` below one with the `OfferCode`")


def _csv_rows(file: Path, opened: TextIO, lines: Iterator[list[str]], header: list[str]) -> Iterator[Row]:
    with opened:
        try:
            term, price, began = (header.index(each) for each in ("termtype", "priceperunit", "startingrange"))
            for line in lines:
                if len(line) == len(header) and line[term] == "OnDemand":
                    line[price], line[began] = _number(line[price]), _number(line[began] or 0)
                    yield dict(zip(header, line, strict=True))
        except (csv.Error, ValueError) as error:
            raise PlatinfraError(_no_offer(file, str(error))) from None


def _open_json(file: Path) -> tuple[str, Iterator[Row]]:
    if file.stat().st_size > MAX_JSON:
        message = f"`{file}` is a JSON file of {file.stat().st_size // 1024**2} MB, which takes too much memory to read"
        hint = "download the same offer as CSV: `index.csv` instead of `index.json`"
        raise PlatinfraError(Diagnostic("offer-too-large", message, hint=hint))
    data = json.loads(file.read_text(encoding="utf-8-sig"))
    return str(data["offerCode"]), iter(list(_json_rows(data)))


def _json_rows(data: Mapping[str, Any]) -> Iterator[Row]:
    terms = data["terms"].get("OnDemand", {})
    for sku, product in data["products"].items():
        attributes = {_spelt(name): str(value) for name, value in product["attributes"].items()}
        family = {"productfamily": str(product.get("productFamily", ""))}
        for term in terms.get(sku, {}).values():
            for each in term["priceDimensions"].values():
                ((currency, price),) = each["pricePerUnit"].items()
                began = {"startingrange": _number(each.get("beginRange") or 0)}
                yield {**attributes, **family, **began, "priceperunit": _number(price), "currency": str(currency)}


def _number(text: Any) -> str:
    try:
        return str(Decimal(str(text)))
    except InvalidOperation:
        message = f"`{text}` is not a number"
        raise ValueError(message) from None


@cache
def _spelt(name: str) -> str:
    """Return the name of an attribute in one spelling: `Instance Type` in CSV is `instanceType` in JSON."""
    return re.sub("[^a-z0-9]", "", name.lower())


def _no_offer(file: Path, detail: str) -> Diagnostic:
    hint = "take files such as https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/eu-central-1/index.csv"
    return Diagnostic(
        "not-offer-file", f"`{file}` is not an offer file of AWS' price list", hint=hint, details=(detail,)
    )


def _of_another_region(file: Path, region: str, others: Sequence[str]) -> Diagnostic:
    has = f"it has {join_names(others[:_REGIONS_SHOWN])}; " if others else ""
    hint = f"{has}download the file of the stack's region: `…/current/{region}/index.csv`"
    return Diagnostic("offer-of-another-region", f"`{file}` has no prices of `{region}`", hint=hint)
