"""Small offer files in the form of AWS' price list: the same prices as CSV and as JSON. The numbers are nobody's prices."""

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

_PREAMBLE = (
    ("FormatVersion", "v1.0"),
    ("Disclaimer", 'This pricing list is for informational purposes only, "as is".'),
    ("Publication Date", "2026-11-02T10:00:00Z"),
    ("Version", "20261102100000"),
)
_TERMS = ("SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange")
_PRICES = ("EndingRange", "Unit", "PricePerUnit", "Currency", "LeaseContractLength", "PurchaseOption", "OfferingClass")
_PRODUCT = ("Product Family", "serviceCode", "Location", "Location Type", "Instance Type", "Volume Type")
_FURTHER = ("Database Engine", "Deployment Option", "usageType", "operation", "Region Code", "serviceName")
HEADER = (*_TERMS, *_PRICES, *_PRODUCT, *_FURTHER)
_JSON_NAMES = {
    "serviceCode": "servicecode",
    "Location": "location",
    "Location Type": "locationType",
    "Instance Type": "instanceType",
    "Volume Type": "volumeType",
    "Database Engine": "databaseEngine",
    "Deployment Option": "deploymentOption",
    "usageType": "usagetype",
    "operation": "operation",
    "Region Code": "regionCode",
    "serviceName": "servicename",
}


@dataclass(frozen=True)
class Offer:
    """One price of one product."""

    usage: str
    price: str
    unit: str = "Hrs"
    region: str = "eu-central-1"
    term: str = "OnDemand"
    begins: str = "0"
    currency: str = "USD"
    attributes: dict[str, str] = field(default_factory=dict)

    def row(self, code: str, number: int) -> dict[str, str]:
        sku = f"SKU{number:013d}"
        return {
            **dict.fromkeys(HEADER, ""),
            "SKU": sku,
            "OfferTermCode": "JRTCKXETXF",
            "RateCode": f"{sku}.JRTCKXETXF.6YS6EN2CT7",
            "TermType": self.term,
            "PriceDescription": f'{self.price} per {self.unit}, "{self.usage}"',
            "StartingRange": self.begins,
            "EndingRange": "Inf",
            "Unit": self.unit,
            "PricePerUnit": self.price,
            "Currency": self.currency,
            "serviceCode": code,
            "Location Type": "AWS Region",
            "usageType": self.usage,
            "Region Code": self.region,
            **self.attributes,
        }


def machine(name: str, price: str, **more: str) -> Offer:
    return Offer(
        f"EUC1-BoxUsage:{name}", price, attributes={"operation": "RunInstances", "Instance Type": name}, **more
    )


def database(name: str, price: str, option: str = "Single-AZ", engine: str = "PostgreSQL") -> Offer:
    attributes = {"Product Family": "Database Instance", "Instance Type": name, "Database Engine": engine}
    usage = "Multi-AZUsage" if option == "Multi-AZ" else "InstanceUsage"
    return Offer(f"EUC1-{usage}:{name}", price, attributes={**attributes, "Deployment Option": option})


def database_disk(price: str, option: str = "Single-AZ") -> Offer:
    attributes = {"Product Family": "Database Storage", "Volume Type": "General Purpose-GP3"}
    further = {"Database Engine": "PostgreSQL", "Deployment Option": option}
    return Offer("EUC1-RDS:GP3-Storage", price, "GB-Mo", attributes={**attributes, **further})


def write_csv(path: Path, code: str, *offers: Offer) -> Path:
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL)
    lines.writerows((*_PREAMBLE, ("OfferCode", code), HEADER))
    lines.writerows([*each.row(code, number).values()] for number, each in enumerate(offers))
    path.write_text(text.getvalue())
    return path


def write_json(path: Path, code: str, *offers: Offer) -> Path:
    products, terms = {}, {}
    for number, each in enumerate(offers):
        row = each.row(code, number)
        sku, term = row["SKU"], f"{row['SKU']}.JRTCKXETXF"
        attributes = {new: row[old] for old, new in _JSON_NAMES.items() if row[old]}
        products[sku] = {"sku": sku, "productFamily": row["Product Family"], "attributes": attributes}
        price = {
            "rateCode": row["RateCode"],
            "unit": row["Unit"],
            "beginRange": row["StartingRange"],
            "endRange": "Inf",
        }
        dimensions = {row["RateCode"]: {**price, "pricePerUnit": {each.currency: each.price}}}
        terms.setdefault(each.term, {})[sku] = {term: {"sku": sku, "priceDimensions": dimensions}}
    data = {"formatVersion": "v1.0", "offerCode": code, "products": products, "terms": terms}
    path.write_text(json.dumps(data))
    return path
