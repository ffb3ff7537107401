"""What costs most, without a price; and what a month costs, by prices that are given."""

import json
from pathlib import Path
from typing import Any

import pytest

from platinfra.targets.aws import offers
from platinfra.targets.aws.costs import _TABLE, Item, _weight, items
from tests.conftest import Command
from tests.targets.aws.offer_files import Offer, database, database_disk, machine, write_csv, write_json
from tests.targets.aws.stacks import NAMES, root_of, text_of, values_of

STACK = """
name: team
provider: {{name: aws, account-id: "210987654321", region: {region}}}
deployment: {{{deployment}}}
stack:
  experiment_tracker: [mlflow]
"""
EC2 = (
    machine("m7i.large", "0.2"),
    machine("m7i.large", "0.1", term="Reserved"),
    machine("m7i.large", "0.7", region="us-east-1"),
    Offer("EUC1-BoxUsage:m7i.large", "0.9", attributes={"operation": "RunInstances:0002"}),
    Offer("EUC1-DedicatedUsage:m7i.large", "0.5", attributes={"operation": "RunInstances"}),
    Offer("EUC1-BoxUsage:m7i.large", "0.4", attributes={"operation": "RunInstances", "Location Type": "AWS Outposts"}),
    Offer("EUC1-EBS:VolumeUsage.gp3", "0.01", "GB-Mo", attributes={"operation": "CreateVolume-Gp3"}),
    Offer("EUC1-NatGateway-Hours", "0.05", attributes={"operation": "NatGateway"}),
    Offer("EUC1-NatGateway-Bytes", "9", "GB", attributes={"operation": "NatGateway"}),
)
EKS = (
    Offer("EUC1-AmazonEKS-Hours:perCluster", "0.3"),
    Offer("EUC1-AmazonEKS-Hours:extendedSupport", "5"),
)
RDS = (database("db.t4g.micro", "0.02"), database("db.t4g.micro", "0.04", "Multi-AZ"), database_disk("0.1"))


@pytest.fixture(params=[write_csv, write_json], ids=["csv", "json"])
def write(request: pytest.FixtureRequest) -> Any:
    return request.param


def stack(folder: Path, deployment: str = "type: kubernetes", region: str = "eu-central-1") -> None:
    (folder / "platinfra.yaml").write_text(STACK.format(deployment=deployment, region=region))


def found_items(deployment: str) -> dict[str, Item]:
    values = values_of(STACK.format(deployment=deployment, region="eu-central-1"))
    return {
        each.kind: each for each in items(values, root_of(STACK.format(deployment=deployment, region="eu-central-1")))
    }


def costs(platinfra: Command, *files: Path) -> dict[str, Any]:
    ended = platinfra("cost", "--json", *(word for each in files for word in ("--prices", str(each))))
    assert ended.code == 0, ended.err
    return dict(json.loads(ended.out))


@pytest.mark.finding("A18")
def test_a_month_is_priced_line_by_line(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path)
    files = [
        write(tmp_path / f"{code}.offer", code, *each)
        for code, each in (("AmazonEC2", EC2), ("AmazonEKS", EKS), ("AmazonRDS", RDS))
    ]
    found = costs(platinfra, *files)
    lines = {each["item"]: (each["quantity"], each["unit"], each["price"], each["month"]) for each in found["lines"]}
    assert lines == {
        "core nodes, m7i.large": (1460, "hours", 0.2, 292),
        "EKS control plane": (730, "hours", 0.3, 219),
        "NAT gateways": (730, "hours", 0.05, 36.5),
        "database, db.t4g.micro": (730, "hours", 0.02, 14.6),
        "storage of the database": (50, "GB", 0.1, 5),
        "disks of the core nodes": (200, "GB", 0.01, 2),
    }
    assert [each["month"] for each in found["lines"]] == sorted((each[3] for each in lines.values()), reverse=True)
    assert (found["currency"], found["total"]) == ("USD", 569.1)


@pytest.mark.finding("A18")
def test_what_has_no_price_is_named_and_not_counted(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path)
    found = costs(platinfra, write(tmp_path / "eks", "AmazonEKS", *EKS))
    assert [each["item"] for each in found["lines"]] == ["EKS control plane"]
    assert found["total"] == 219
    why = {each["what"]: each["why"] for each in found["not_counted"]}
    assert why["core nodes, m7i.large"] == "no offer of AmazonEC2 in the files"
    assert why["nodes that Karpenter adds"] == "by load"
    assert why["traffic through NAT gateways"] == "by the gigabyte"


@pytest.mark.finding("A18")
def test_text_shows_lines_total_knobs_and_the_rest(platinfra: Command, tmp_path: Path) -> None:
    stack(tmp_path)
    ended = platinfra("cost", "--prices", str(write_csv(tmp_path / "eks.csv", "AmazonEKS", *EKS)))
    assert ended.code == 0
    priced, rest = ended.out.split("Not counted")
    assert "EKS control plane  730 hours  0.3" in priced
    assert "219.00" in priced.splitlines()[-3] + priced.splitlines()[-2]
    assert "`deployment: {type: cloud_vm}`" in priced
    assert "core nodes, m7i.large" in rest


@pytest.mark.finding("A18")
def test_offers_that_differ_are_not_guessed_from(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path)
    other = Offer("EUC1-AmazonEKS-Hours:perCluster", "0.4")
    found = costs(platinfra, write(tmp_path / "eks", "AmazonEKS", *EKS, other))
    assert found["lines"] == []
    assert "2 offers of AmazonEKS differ" in {each["why"] for each in found["not_counted"]}


@pytest.mark.finding("A18")
def test_only_the_first_tier_counts(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path)
    later = Offer("EUC1-AmazonEKS-Hours:perCluster", "0.1", begins="10000")
    assert costs(platinfra, write(tmp_path / "eks", "AmazonEKS", *EKS, later))["total"] == 219


@pytest.mark.finding("A18")
def test_usage_types_of_us_east_1_have_no_prefix(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path, region="us-east-1")
    own = Offer("BoxUsage:m7i.large", "0.5", region="us-east-1", attributes={"operation": "RunInstances"})
    assert costs(platinfra, write(tmp_path / "ec2", "AmazonEC2", own))["total"] == 730


@pytest.mark.finding("A18")
def test_without_prices_it_names_the_files_that_it_needs(platinfra: Command, tmp_path: Path) -> None:
    stack(tmp_path, "type: cloud_vm")
    ended = platinfra("cost")
    assert ended.code == 2
    assert "error[missing-prices]" in ended.err
    assert "/offers/v1.0/aws/AmazonRDS/current/eu-central-1/index.csv" in ended.err
    assert "AmazonEKS" not in ended.err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "{}",
        '{"offerCode": "AmazonEC2", "products": {"A": 3}, "terms": {}}',
        '{"offerCode": "AmazonEC2", "products": {}, "terms": []}',
        '{"offerCode": ',
        '"OfferCode","AmazonEKS"\n"SKU","TermType"\n"A","OnDemand"\n',
        '"OfferCode"\n',
        '{"a":' * 5000,
        "\x00\x01",
    ],
)
@pytest.mark.finding("A18")
def test_a_file_that_is_no_offer_file_is_refused(platinfra: Command, tmp_path: Path, text: str) -> None:
    stack(tmp_path)
    (tmp_path / "prices").write_text(text)
    ended = platinfra("cost", "--prices", str(tmp_path / "prices"))
    assert ended.code == 2
    assert "error[not-offer-file]" in ended.err
    assert "index.csv" in ended.err


@pytest.mark.finding("A18")
def test_bytes_and_prices_that_are_no_numbers_are_refused(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path)
    wrong = write(tmp_path / "wrong", "AmazonEKS", Offer("AmazonEKS-Hours:perCluster", "cheap"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x9c" * 50)
    for file in (wrong, tmp_path / "binary"):
        assert "error[not-offer-file]" in platinfra("cost", "--prices", str(file)).err


@pytest.mark.finding("A18")
def test_a_file_of_another_region_is_refused(platinfra: Command, tmp_path: Path, write: Any) -> None:
    stack(tmp_path, region="eu-north-1")
    ended = platinfra("cost", "--prices", str(write(tmp_path / "eks", "AmazonEKS", *EKS)))
    assert ended.code == 2
    assert "error[offer-of-another-region]" in ended.err
    assert "it has `eu-central-1`" in ended.err
    assert "current/eu-north-1/index.csv" in ended.err


@pytest.mark.finding("A18")
def test_a_large_json_file_is_left_to_csv(platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(tmp_path)
    monkeypatch.setattr(offers, "MAX_JSON", 100)
    ended = platinfra("cost", "--prices", str(write_json(tmp_path / "eks", "AmazonEKS", *EKS)))
    assert ended.code == 2
    assert "error[offer-too-large]" in ended.err
    assert "index.csv" in ended.err


@pytest.mark.finding("A18")
def test_currencies_are_not_added_up(platinfra: Command, tmp_path: Path) -> None:
    stack(tmp_path)
    yuan = write_csv(tmp_path / "b", "AmazonRDS", Offer("x", "1"), database_disk("1"))
    yuan.write_text(yuan.read_text().replace("USD", "CNY"))
    files = [str(write_csv(tmp_path / "a", "AmazonEKS", *EKS)), str(yuan)]
    ended = platinfra("cost", *(word for each in files for word in ("--prices", each)))
    assert (ended.code, "error[several-currencies]" in ended.err) == (2, True)


@pytest.mark.parametrize("provider", ["local", "kubernetes"])
@pytest.mark.finding("A18")
def test_other_targets_say_what_it_is_for(platinfra: Command, tmp_path: Path, provider: str) -> None:
    (tmp_path / "platinfra.yaml").write_text(
        f"name: demo\nprovider: {{name: {provider}}}\nstack:\n  experiment_tracker: [mlflow]\n"
    )
    ended = platinfra("cost")
    assert ended.code == 2
    assert f"error[target-not-available]: `cost` is not available on the target `{provider}`" in ended.err
    assert "AWS" in ended.err


@pytest.mark.finding("A18")
def test_knobs_change_what_is_paid_for() -> None:
    found = found_items("network: {nat: per_zone, endpoints: [ecr.api, ecr.dkr]}, cluster: {min: 3, disk: 50}")
    assert (found["nat"].count, found["address"].count, found["endpoint"].count) == (3, 3, 6)
    assert (found["nodes"].count, found["node_disk"].count) == (3, 150)
    assert "spot_nodes" in found_items("cluster: {spot: true}")
    scaled = found_items("cluster: {autoscaler: cluster-autoscaler}")
    assert ("added_nodes" in scaled, "scaled_nodes" in scaled) == (False, True)
    auto = found_items("cluster: {autoscaler: auto-mode, shared-files: true}")
    assert {"auto_nodes", "files"} <= auto.keys()
    assert not {"nodes", "node_disk", "added_nodes"} & auto.keys()
    assert "flow_logs_cloudwatch" in found_items("network: {flow-logs: cloudwatch}")
    assert not {"flow_logs_s3", "flow_logs_cloudwatch"} & found_items("network: {flow-logs: none}").keys()
    assert {"database_standby", "database_disk_standby"} <= found_items("size: medium").keys()
    assert {"machine", "machine_disk"} <= found_items("type: cloud_vm").keys()


@pytest.mark.finding("A18")
def test_every_kind_is_weighed_shown_and_lowered() -> None:
    for kind in _TABLE:
        item = Item(kind, "rds", 2, "db.t4g.micro" if kind.startswith("database") else "m7i.large")
        assert _weight(item) > 0, kind
        assert all((item.what, item.knob, item.offer or item.why)), kind
        assert "{" not in item.what, kind


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.finding("A18")
def test_plan_names_five_things_and_no_money(name: str, platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(text_of(name))
    options = ["--offline", *(["--env", "production"] if name == "production" else [])]
    shown = platinfra("plan", *options).out.split("What costs most")[1]
    rows = shown.strip().splitlines()[1:]
    found = json.loads(platinfra("plan", "--json", *options).out)["costs"]
    assert len(rows) == len(found) == min(5, len(found))
    assert [each["what"] for each in found] == [row[: len(each["what"])] for row, each in zip(rows, found, strict=True)]
    assert all(each["knob"] for each in found)
    assert "$" not in shown
    assert "USD" not in shown


@pytest.mark.finding("A18")
def test_the_order_follows_the_file(platinfra: Command, tmp_path: Path) -> None:
    def first(deployment: str) -> str:
        stack(tmp_path, deployment)
        return str(json.loads(platinfra("plan", "--json", "--offline").out)["costs"][0]["what"])

    assert first("type: kubernetes") == "core nodes, m7i.large"
    assert (
        first("cluster: {instance-types: [t3.medium], autoscaler: cluster-autoscaler}")
        == "nodes that Cluster Autoscaler adds"
    )
    assert first("type: cloud_vm, machine: {instance-type: t3.small}") == "NAT gateways"


@pytest.mark.finding("A18")
def test_other_targets_have_no_costs_in_their_plan(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text("name: demo\nstack:\n  experiment_tracker: [mlflow]\n")
    ended = platinfra("plan", "--json", "--offline")
    assert "costs" not in json.loads(ended.out)
