"""Multiply what a stack pays for by prices that are given."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import CostLine, Costs, Uncounted
from platinfra.targets.aws.costs import Item, items, needed_offers
from platinfra.targets.aws.offers import Price, find_prices
from platinfra.targets.aws.root import root
from platinfra.targets.aws.verbs.stack import cloud_stack

_ADDRESS = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"


def cost(stack: Resolved, prices: Sequence[Path]) -> Costs:
    """Return what a stack costs in a month; raise PlatinfraError without prices, and for files that are none."""
    cloud = cloud_stack(stack)
    region = cloud.place.region.name
    paid = items(cloud.values, root(cloud.values))
    if not prices:
        raise PlatinfraError(_without_prices(region, needed_offers(paid)))
    found = find_prices(prices, region, paid)
    lines = [line for each in paid if (line := _line(each, found.get(each, frozenset())))]
    # What another file would add comes first.
    left = sorted((each for each in paid if len(found.get(each, frozenset())) != 1), key=lambda each: bool(each.why))
    rest = [_leave_out(each, found) for each in left]
    return Costs(tuple(sorted(lines, key=lambda each: -each.month)), tuple(rest), _currency(found))


def _line(item: Item, found: frozenset[Price]) -> CostLine | None:
    if len(found) != 1:
        return None
    (price,) = found
    month = (item.quantity * price.each).quantize(Decimal("0.01"))
    return CostLine(item.component, item.what, item.quantity, item.unit, price.each, month, item.knob)


def _leave_out(item: Item, found: Mapping[Item, frozenset[Price]]) -> Uncounted:
    several = f"{len(found[item])} offers of {item.offer} differ" if item in found else ""
    why = item.why or several or f"no offer of {item.offer} in the files"
    return Uncounted(item.component, item.what, why, item.knob)


def _currency(found: Mapping[Item, frozenset[Price]]) -> str:
    """Return the currency of all prices; raise PlatinfraError when there are several."""
    currencies = sorted({price.currency for each in found.values() for price in each})
    if len(currencies) > 1:
        message = f"the prices are in several currencies: {', '.join(currencies)}"
        raise PlatinfraError(Diagnostic("several-currencies", message, hint="give files of one partition of AWS"))
    return next(iter(currencies), "")


def _without_prices(region: str, offers: Sequence[str]) -> Diagnostic:
    hint = f"download these and name each with `--prices`: they are AWS' own lists for {region}"
    addresses = tuple(f"{_ADDRESS}/{each}/current/{region}/index.csv" for each in offers)
    return Diagnostic(
        "missing-prices", "platinfra knows no prices: give AWS' offer files", hint=hint, details=addresses
    )
