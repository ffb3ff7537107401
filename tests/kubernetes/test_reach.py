"""The evaluator of network policies agrees with Kubernetes' documentation of them, case by case."""

from typing import Any

import pytest

from tests.kubernetes.reach import Pod, Port, Reach, selects

HTTP, DNS = Port(80, "TCP", "http"), Port(53, "UDP", "dns")


def namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def deployment(name: str, where: str = "default", **labels: str) -> dict[str, Any]:
    ports = [{"containerPort": 80, "name": "http"}, {"containerPort": 53, "name": "dns", "protocol": "UDP"}]
    template = {
        "metadata": {"labels": {"app": name, **labels}},
        "spec": {"containers": [{"name": "a", "ports": ports}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": where},
        "spec": {"template": template},
    }


def policy(where: str = "default", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"policy-{id(spec)}", "namespace": where},
        "spec": {"podSelector": {}, **spec},
    }


def labelled(**labels: str) -> dict[str, Any]:
    return {"matchLabels": labels}


WORLD = [
    namespace("default", project="own"),
    namespace("other", project="friend"),
    namespace("third"),
    deployment("web"),
    deployment("api"),
    deployment("db", role="db"),
    deployment("web", "other"),
    deployment("api", "third"),
]
EVERYBODY = ["default/web", "default/api", "default/db", "other/web", "third/api"]
OWN = ["default/web", "default/api"]


def sources(*policies: dict[str, Any], port: int = 80, protocol: str = "TCP") -> list[str]:
    """Return who else may connect to default/db."""
    reach = Reach([*WORLD, *policies])
    db = reach.pod("default/db")
    return [name for name in EVERYBODY if name != "default/db" and reach.allows(reach.pod(name), db, port, protocol)]


def destinations(*policies: dict[str, Any], port: int = 80, protocol: str = "TCP") -> list[str]:
    """Return to whom default/db may connect."""
    reach = Reach([*WORLD, *policies])
    db = reach.pod("default/db")
    return [name for name in EVERYBODY if name != "default/db" and reach.allows(db, reach.pod(name), port, protocol)]


OTHERS = [name for name in EVERYBODY if name != "default/db"]
DB = {"podSelector": labelled(role="db")}
INGRESS: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("nothing isolates a pod that no policy selects", [], OTHERS),
    ("a policy of other pods does not isolate", [policy(podSelector=labelled(app="web"), ingress=[])], OTHERS),
    ("a policy of another namespace does not isolate", [policy("other", **DB, ingress=[])], OTHERS),
    ("deny all: selected and no rule", [policy(policyTypes=["Ingress"])], []),
    ("an absent list of rules denies", [policy(**DB)], []),
    ("allow all: one empty rule", [policy(ingress=[{}])], OTHERS),
    ("an empty `from` allows everybody", [policy(ingress=[{"from": []}])], OTHERS),
    (
        "a podSelector means pods of the policy's namespace",
        [policy(**DB, ingress=[{"from": [{"podSelector": {}}]}])],
        OWN,
    ),
    ("chosen pods", [policy(**DB, ingress=[{"from": [{"podSelector": labelled(app="web")}]}])], ["default/web"]),
    (
        "an empty namespaceSelector means every namespace",
        [policy(ingress=[{"from": [{"namespaceSelector": {}}]}])],
        OTHERS,
    ),
    (
        "a namespace by its label",
        [policy(ingress=[{"from": [{"namespaceSelector": labelled(project="friend")}]}])],
        ["other/web"],
    ),
    (
        "a namespace by its name",
        [
            policy(
                ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "third"}}}]}]
            )
        ],
        ["third/api"],
    ),
    (
        "both selectors in one entry: both have to hold",
        [policy(ingress=[{"from": [{"namespaceSelector": {}, "podSelector": labelled(app="web")}]}])],
        ["default/web", "other/web"],
    ),
    (
        "two entries: one has to hold",
        [
            policy(
                ingress=[
                    {"from": [{"namespaceSelector": labelled(project="friend")}, {"podSelector": labelled(app="web")}]}
                ]
            )
        ],
        ["default/web", "other/web"],
    ),
    (
        "policies add up",
        [
            policy(ingress=[{"from": [{"podSelector": labelled(app="web")}]}]),
            policy(**DB, ingress=[{"from": [{"namespaceSelector": labelled(project="friend")}]}]),
            policy(policyTypes=["Ingress"]),
        ],
        ["default/web", "other/web"],
    ),
    ("a policy of egress alone does not isolate ingress", [policy(policyTypes=["Egress"])], ["other/web", "third/api"]),
    (
        "an ipBlock does not mean pods without an address",
        [policy(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])],
        [],
    ),
    ("an empty peer means nobody", [policy(ingress=[{"from": [{}]}])], []),
    (
        "expressions",
        [
            policy(
                ingress=[
                    {
                        "from": [
                            {
                                "podSelector": {
                                    "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]
                                }
                            }
                        ]
                    }
                ]
            )
        ],
        ["default/api"],
    ),
]
PORTS: list[tuple[str, Any, int, str, bool]] = [
    ("no ports: every port", None, 4711, "TCP", True),
    ("an empty list: every port", [], 4711, "UDP", True),
    ("a number", [{"port": 80}], 80, "TCP", True),
    ("another number", [{"port": 80}], 81, "TCP", False),
    ("TCP when nothing is said", [{"port": 53}], 53, "UDP", False),
    ("a protocol", [{"port": 53, "protocol": "UDP"}], 53, "UDP", True),
    ("every port of a protocol", [{"protocol": "UDP"}], 4711, "UDP", True),
    ("not another protocol", [{"protocol": "UDP"}], 4711, "TCP", False),
    ("a name", [{"port": "http"}], 80, "TCP", True),
    ("a name of another port", [{"port": "http"}], 81, "TCP", False),
    ("a name nobody has", [{"port": "https"}], 80, "TCP", False),
    ("a name and another protocol", [{"port": "dns"}], 53, "UDP", False),
    ("a name and its protocol", [{"port": "dns", "protocol": "UDP"}], 53, "UDP", True),
    ("the begin of a range", [{"port": 8000, "endPort": 8010}], 8000, "TCP", True),
    ("the end of a range", [{"port": 8000, "endPort": 8010}], 8010, "TCP", True),
    ("beyond a range", [{"port": 8000, "endPort": 8010}], 8011, "TCP", False),
    ("before a range", [{"port": 8000, "endPort": 8010}], 7999, "TCP", False),
    ("one of several", [{"port": 1}, {"port": 80}], 80, "TCP", True),
]


@pytest.mark.parametrize(("case", "policies", "allowed"), INGRESS, ids=[row[0] for row in INGRESS])
def test_who_may_come_in(case: str, policies: list[dict[str, Any]], allowed: list[str]) -> None:
    assert sources(*policies) == allowed


@pytest.mark.parametrize(("case", "policies", "allowed"), INGRESS, ids=[row[0] for row in INGRESS])
def test_who_may_be_called_follows_the_same_rules(
    case: str, policies: list[dict[str, Any]], allowed: list[str]
) -> None:
    if case == "a policy of egress alone does not isolate ingress":
        return
    turned = []
    for each in policies:
        spec = dict(each["spec"])
        rules = [
            {("to" if key == "from" else key): value for key, value in rule.items()} for rule in spec.pop("ingress", [])
        ]
        turned.append({**each, "spec": {**spec, "policyTypes": ["Egress"], "egress": rules}})
    assert destinations(*turned) == allowed


@pytest.mark.parametrize(("case", "ports", "number", "protocol", "open_"), PORTS, ids=[row[0] for row in PORTS])
def test_which_ports_are_open(case: str, ports: Any, number: int, protocol: str, open_: bool) -> None:
    rule = {"ports": ports} if ports is not None else {}
    assert (sources(policy(**DB, ingress=[rule]), port=number, protocol=protocol) == OTHERS) is open_
    outgoing = policy(**DB, policyTypes=["Egress"], egress=[rule])
    assert (destinations(outgoing, port=number, protocol=protocol) == OTHERS) is open_


@pytest.mark.parametrize(
    ("spec", "isolated"),
    [
        ({}, ["Ingress"]),
        ({"ingress": [{}]}, ["Ingress"]),
        ({"egress": [{}]}, ["Ingress", "Egress"]),
        ({"egress": []}, ["Ingress"]),
        ({"policyTypes": ["Egress"]}, ["Egress"]),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, ["Egress"]),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, ["Ingress"]),
        ({"policyTypes": ["Ingress", "Egress"]}, ["Ingress", "Egress"]),
    ],
    ids=str,
)
def test_which_directions_a_policy_isolates(spec: dict[str, Any], isolated: list[str]) -> None:
    reach = Reach([*WORLD, policy(**spec)])
    assert [each for each in ("Ingress", "Egress") if reach.isolates(reach.pod("default/db"), each)] == isolated
    assert not reach.isolates(reach.pod("other/web"), "Ingress")


def test_both_ends_have_to_agree() -> None:
    from_web = policy(**DB, ingress=[{"from": [{"podSelector": labelled(app="web")}]}])
    assert sources(from_web) == ["default/web"]
    silent = policy(podSelector=labelled(app="web"), policyTypes=["Egress"])
    assert sources(from_web, silent) == []
    talking = policy(
        podSelector=labelled(app="web"), policyTypes=["Egress"], egress=[{"to": [{"podSelector": labelled(app="db")}]}]
    )
    assert sources(from_web, silent, talking) == ["default/web"]


def test_a_connection_is_not_open_the_other_way_round() -> None:
    reach = Reach([*WORLD, policy(**DB, policyTypes=["Ingress"])])
    web, db = reach.pod("default/web"), reach.pod("default/db")
    assert reach.allows(db, web, 80)
    assert not reach.allows(web, db, 80)


def test_a_pod_always_reaches_itself() -> None:
    reach = Reach([*WORLD, policy(policyTypes=["Ingress", "Egress"])])
    db = reach.pod("default/db")
    assert reach.allows(db, db, 80)


@pytest.mark.parametrize(
    ("block", "reached"),
    [
        ({"cidr": "0.0.0.0/0"}, ["10.0.0.1", "169.254.169.254", "8.8.8.8"]),
        ({"cidr": "10.0.0.0/8"}, ["10.0.0.1"]),
        ({"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}, ["10.0.0.1", "8.8.8.8"]),
        ({"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16", "10.0.0.0/8"]}, ["8.8.8.8"]),
        ({"cidr": "::/0"}, []),
    ],
    ids=str,
)
def test_blocks_of_addresses_open_the_world(block: dict[str, Any], reached: list[str]) -> None:
    outgoing = policy(**DB, policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}], "ports": [{"port": 443}]}])
    reach = Reach([*WORLD, outgoing])
    addresses = ["10.0.0.1", "169.254.169.254", "8.8.8.8"]
    db = reach.pod("default/db")
    assert [each for each in addresses if reach.reaches_world(db, each, 443)] == reached
    assert [each for each in addresses if reach.reaches_world(db, each, 80)] == []
    assert [each for each in addresses if reach.reaches_world(reach.pod("default/web"), each, 80)] == addresses


def test_selectors_of_pods_do_not_open_the_world() -> None:
    outgoing = policy(policyTypes=["Egress"], egress=[{"to": [{"namespaceSelector": {}}]}])
    reach = Reach([*WORLD, outgoing])
    assert not reach.reaches_world(reach.pod("default/db"), "8.8.8.8", 443)
    everybody = Reach([*WORLD, policy(policyTypes=["Egress"], egress=[{}])])
    assert everybody.reaches_world(everybody.pod("default/db"), "8.8.8.8", 443)


def test_a_port_of_the_world_has_no_name() -> None:
    reach = Reach([*WORLD, policy(policyTypes=["Egress"], egress=[{"ports": [{"port": "http"}]}])])
    assert not reach.reaches_world(reach.pod("default/db"), "8.8.8.8", 80)


def test_the_world_may_be_let_in() -> None:
    block = {"cidr": "203.0.113.0/24", "except": ["203.0.113.9/32"]}
    reach = Reach([*WORLD, policy(**DB, ingress=[{"from": [{"ipBlock": block}], "ports": [{"port": "http"}]}])])
    db = reach.pod("default/db")
    assert reach.reached_from_world(db, "203.0.113.8", 80)
    assert not reach.reached_from_world(db, "203.0.113.9", 80)
    assert not reach.reached_from_world(db, "203.0.113.8", 81)
    assert not reach.reached_from_world(db, "8.8.8.8", 80)


def test_a_pod_with_an_address_lies_in_a_block() -> None:
    placed = Pod("default", "placed", {"app": "placed"}, address="10.1.2.3")
    reach = Reach([*WORLD, policy(**DB, ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])], pods=[placed])
    assert reach.allows(placed, reach.pod("default/db"), 80)


def test_pods_on_the_network_of_their_node_are_not_isolated_and_wear_no_labels() -> None:
    agent = Pod("default", "agent", {"role": "db"}, (HTTP,), host_network=True)
    rule = {"from": [{"podSelector": {}}]}
    reach = Reach([*WORLD, policy(ingress=[rule])], pods=[agent])
    assert reach.allows(reach.pod("other/web"), agent, 80)
    assert not reach.allows(agent, reach.pod("default/db"), 80)


def test_the_example_of_the_documentation() -> None:
    """Pods `role: db` take 6379/TCP from three sides and talk to one range on 5978/TCP."""
    example = policy(
        **DB,
        policyTypes=["Ingress", "Egress"],
        ingress=[
            {
                "from": [
                    {"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}},
                    {"namespaceSelector": labelled(project="friend")},
                    {"podSelector": labelled(app="web")},
                ],
                "ports": [{"protocol": "TCP", "port": 6379}],
            }
        ],
        egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": [{"protocol": "TCP", "port": 5978}]}],
    )
    assert sources(example, port=6379) == ["default/web", "other/web"]
    assert sources(example, port=80) == []
    assert destinations(example) == []
    reach = Reach([*WORLD, example])
    db = reach.pod("default/db")
    assert [reach.reached_from_world(db, each, 6379) for each in ("172.17.0.9", "172.17.1.9", "172.18.0.9")] == [
        True,
        False,
        False,
    ]
    assert [reach.reaches_world(db, *each) for each in (("10.0.0.9", 5978), ("10.0.0.9", 80), ("10.0.1.9", 5978))] == [
        True,
        False,
        False,
    ]


def test_every_open_pair_is_listed() -> None:
    reach = Reach(
        [*WORLD, policy(**DB, ingress=[{"from": [{"podSelector": labelled(app="web")}], "ports": [{"port": "http"}]}])]
    )
    pairs = list(reach.open_pairs())
    to_db = [(source.namespace, source.name, port) for source, destination, port in pairs if destination.name == "db"]
    assert to_db == [("default", "web", HTTP)]
    others = [(source, destination) for source, destination, _ in pairs if destination.name != "db"]
    assert len(others) == 4 * 4 * 2  # five pods, four of them not the database, each from the four others on two ports
    assert (reach.pod("default/web"), reach.pod("default/web")) not in others


def test_no_pair_is_open_where_everything_is_denied() -> None:
    denied = [policy(name, policyTypes=["Ingress"]) for name in ("default", "other", "third")]
    assert list(Reach([*WORLD, *denied]).open_pairs()) == []


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet", "ReplicaSet", "Job"])
def test_pods_of_every_workload_are_known(kind: str) -> None:
    reach = Reach([{**deployment("a"), "kind": kind}])
    assert reach.pod("default/a").ports == (HTTP, DNS)


def test_pods_of_cron_jobs_and_bare_pods_are_known() -> None:
    template = deployment("a")["spec"]["template"]
    cron = {"kind": "CronJob", "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {"template": template}}}}
    bare = {"kind": "Pod", "metadata": {"name": "b", "labels": {"app": "b"}}, "spec": template["spec"]}
    reach = Reach([cron, bare])
    assert (reach.pod("default/a").labels, reach.pod("default/b").labels) == ({"app": "a"}, {"app": "b"})
    assert reach.pod("default/b").ports == (HTTP, DNS)


@pytest.mark.parametrize(
    ("operator", "values", "chosen"),
    [
        ("In", ["a", "b"], ["a"]),
        ("NotIn", ["a"], ["c", None]),
        ("Exists", None, ["a", "c"]),
        ("DoesNotExist", None, [None]),
    ],
)
def test_expressions_of_selectors(operator: str, values: list[str] | None, chosen: list[str | None]) -> None:
    selector = {"matchExpressions": [{"key": "x", "operator": operator, "values": values}]}
    every: list[str | None] = ["a", "c", None]
    assert [each for each in every if selects(selector, {"x": each} if each else {})] == chosen
