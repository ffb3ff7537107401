"""Nodes and disks of a new cluster on AWS: Karpenter's pools, GPUs behind a taint, a class of volumes."""

from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import NAMESPACE, Bundle
from platinfra.targets.kubernetes.verbs import session
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import bundle, objects
from tests.stacks import resolved
from tests.targets.aws.stacks import root_of

STACK = """\
name: churn
provider: {name: aws, account-id: "210987654321"}
deployment: {DEPLOYMENT}
stack:
  experiment_tracker: [mlflow]
"""
EXISTING = (
    "cluster: {name: ours, security-group: sg-0a1b2c3d}, "
    "network: {vpc-id: vpc-0a1b2c3d, private-subnets: [subnet-0a1b2c3d, subnet-0a1b2c3e]}"
)
RELEASE, GPU = "release:kube-system/karpenter", "nvidia.com/gpu"


def stack(deployment: str) -> str:
    return STACK.replace("DEPLOYMENT", deployment)


def pool(made: Bundle, name: str) -> dict[str, Any]:
    return plain(objects(made, "NodePool")[name])["spec"]


def required(spec: dict[str, Any]) -> dict[str, list[str]]:
    return {each["key"]: each["values"] for each in spec["template"]["spec"]["requirements"]}


@pytest.mark.parametrize(
    ("deployment", "joined"),
    [
        ("", {"karpenter"}),
        ("cluster: {autoscaler: cluster-autoscaler}", set()),
        ("cluster: {gpu: {instance-type: g5.xlarge}}", {"karpenter", "nvidia-device-plugin"}),
        (EXISTING, set()),
        ("type: cloud_vm", set()),
    ],
)
def test_what_adds_nodes_joins_where_a_cluster_is_made_that_wants_it(deployment: str, joined: set[str]) -> None:
    found = resolved(stack(deployment)).graph.components
    assert found.keys() & {"karpenter", "nvidia-device-plugin"} == joined


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "deployment", ["", "cluster: {spot: true, gpu: {instance-type: g5.12xlarge, max: 2}}", "size: large"]
)
def test_pools_and_their_class_are_what_karpenter_takes(deployment: str, version: str) -> None:
    assert strict([plain(each) for each in bundle(stack(deployment)).objects], version) == []


@needs_crds
def test_the_schema_of_a_pool_refuses_what_karpenter_does_not_know() -> None:
    made = plain(objects(bundle(stack("")), "NodePool")["general"])
    made["spec"]["template"]["spec"]["nodeClass"] = "default"
    assert len(strict([made], VERSIONS[-1])) == 1


@pytest.mark.parametrize(
    ("deployment", "types"),
    [("", ["on-demand"]), ("cluster: {spot: true}", ["spot", "on-demand"])],
)
def test_spot_is_a_setting_and_not_for_gpus(deployment: str, types: list[str]) -> None:
    made = bundle(stack(deployment))
    assert required(pool(made, "general"))["karpenter.sh/capacity-type"] == types
    with_gpus = bundle(stack("cluster: {spot: true, gpu: {instance-type: g5.xlarge}}"))
    assert required(pool(with_gpus, "gpu"))["karpenter.sh/capacity-type"] == ["on-demand"]


def test_nodes_with_gpus_are_of_one_type_behind_the_taint_and_none_while_nobody_asks() -> None:
    spec = pool(bundle(stack("cluster: {gpu: {instance-type: g5.12xlarge, max: 2}}")), "gpu")
    assert required(spec)["node.kubernetes.io/instance-type"] == ["g5.12xlarge"]
    assert spec["template"]["spec"]["taints"] == [{"key": GPU, "value": "present", "effect": "NoSchedule"}]
    assert spec["limits"] == {GPU: 8}
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmpty"


def test_a_size_bounds_what_is_added() -> None:
    limits = [pool(bundle(stack(f"size: {size}")), "general")["limits"] for size in ("small", "medium", "large")]
    assert limits == [
        {"cpu": 64, "memory": "256Gi"},
        {"cpu": 256, "memory": "1024Gi"},
        {"cpu": 1024, "memory": "4096Gi"},
    ]


@pytest.mark.parametrize("kind", ["m7i.large", "m7g.large"])
def test_nodes_have_the_processors_of_the_core_nodes(kind: str) -> None:
    made = bundle(stack(f"cluster: {{instance-types: [{kind}]}}"))
    assert required(pool(made, "general"))["kubernetes.io/arch"] == ["arm64" if "7g" in kind else "amd64"]


def test_nodes_are_found_by_what_the_modules_are_told() -> None:
    text = stack("")
    made, modules = bundle(text), root_of(text).modules
    spec = plain(objects(made, "EC2NodeClass")["default"])["spec"]
    discovery = {"tags": {"karpenter.sh/discovery": modules["cluster"]["name"]}}
    assert spec["subnetSelectorTerms"] == spec["securityGroupSelectorTerms"] == [discovery]
    assert modules["network"]["cluster_name"] == modules["cluster"]["name"]
    assert spec["role"] == modules["role_cluster_nodes"]["name"]
    (release,) = [each for each in made.releases if each.chart == "karpenter"]
    assert release.values["settings"]["clusterName"] == modules["cluster"]["name"]
    assert release.values["settings"]["interruptionQueue"] == modules["cluster"]["karpenter"]["queue_name"]
    pod = modules["role_cluster_karpenter"]["pod_identity"]
    assert (release.namespace, release.values["serviceAccount"]["name"]) == (pod["namespace"], pod["service_account"])


def test_subnets_of_an_existing_network_are_named() -> None:
    text = stack("network: {vpc-id: vpc-0a1b2c3d, private-subnets: [subnet-0a1b2c3d, subnet-0a1b2c3e]}")
    spec = plain(objects(bundle(text), "EC2NodeClass")["default"])["spec"]
    assert spec["subnetSelectorTerms"] == [{"id": "subnet-0a1b2c3d"}, {"id": "subnet-0a1b2c3e"}]


def test_nodes_keep_what_they_know_of_themselves_from_pods_and_encrypt_their_disks() -> None:
    spec = plain(objects(bundle(stack("cluster: {disk: 200}")), "EC2NodeClass")["default"])["spec"]
    assert spec["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    (disk,) = spec["blockDeviceMappings"]
    assert disk["ebs"] == {"volumeType": "gp3", "volumeSize": "200Gi", "encrypted": True, "deleteOnTermination": True}


def test_nodes_are_the_first_to_come_and_the_last_to_go() -> None:
    steps = {each.key: each for each in bundle(stack("")).steps}
    assert steps["objects:karpenter"].after == (RELEASE,)
    assert steps[NAMESPACE].after == ("objects:karpenter",)
    assert all(each.wave > steps["objects:karpenter"].wave for each in steps.values() if each.component == "mlflow")


def test_one_core_node_has_one_controller() -> None:
    made = bundle(stack("cluster: {min: 1}"))
    assert [each.values["replicas"] for each in made.releases if each.chart == "karpenter"] == [1]
    assert [each.values["replicas"] for each in bundle(stack("")).releases if each.chart == "karpenter"] == [2]


@pytest.mark.finding("A10")
@pytest.mark.parametrize("autoscaler", ["karpenter", "cluster-autoscaler", "auto-mode"])
def test_something_always_adds_a_node_for_a_gpu(autoscaler: str) -> None:
    text = stack(f"cluster: {{gpu: {{instance-type: g5.xlarge, max: 3}}, autoscaler: {autoscaler}}}")
    group = root_of(text).modules["cluster"].get("gpu")
    pools = objects(bundle(text), "NodePool")
    if autoscaler == "cluster-autoscaler":
        assert (group, pools) == ({"instance_type": "g5.xlarge", "architecture": "x86_64", "max": 3}, {})
    else:
        assert group is None
        assert plain(pools["gpu"])["spec"]["limits"] == {GPU: 3}


@pytest.mark.finding("A19")
@pytest.mark.parametrize("autoscaler", ["karpenter", "cluster-autoscaler", "auto-mode"])
def test_something_always_adds_nodes_and_only_one(autoscaler: str) -> None:
    text = stack(f"cluster: {{autoscaler: {autoscaler}}}")
    modules = root_of(text).modules
    joined = resolved(text).graph.components.keys() & {"karpenter", "cluster-autoscaler"}
    assert joined == {autoscaler} - {"auto-mode"}
    assert modules["cluster"].get("auto_mode", False) == (autoscaler == "auto-mode")
    controllers = {label for label in modules if label in {"role_cluster_karpenter", "role_cluster_autoscaler"}}
    assert controllers == {f"role_cluster_{each.removeprefix('cluster-')}" for each in joined}


@pytest.mark.finding("A19")
@pytest.mark.parametrize("written", ["true", "false"])
def test_the_earlier_key_is_answered_with_the_new_one(written: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(stack(f"cluster: {{karpenter: {written}}}"))
    (found,) = raised.value.diagnostics
    assert found.code == "unknown-key"
    assert "`autoscaler: cluster-autoscaler`" in str(found.hint)
    assert found.span


@pytest.mark.finding("A19")
def test_cluster_autoscaler_is_the_account_of_its_role_and_finds_the_groups_of_its_cluster() -> None:
    text = stack("cluster: {autoscaler: cluster-autoscaler}")
    (release,) = [each for each in bundle(text).releases if each.chart == "cluster-autoscaler"]
    role = root_of(text).modules["role_cluster_autoscaler"]
    account = release.values["rbac"]["serviceAccount"]["name"]
    assert (release.namespace, account) == (role["pod_identity"]["namespace"], role["pod_identity"]["service_account"])
    assert release.values["autoDiscovery"] == {"clusterName": "churn"}
    assert release.values["awsRegion"] == "us-east-1"
    (policy,) = role["policies"].values()
    resize = next(each for each in policy["Statement"] if each["Sid"] == "ResizeOwnGroups")
    assert resize["Condition"] == {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/churn": "owned"}}
    assert all(each["Resource"] != ["*"] for each in policy["Statement"] if each["Sid"] != "DescribeGroups")


@pytest.mark.finding("A19")
def test_auto_mode_has_the_roles_that_eks_asks_for_and_no_add_ons_that_it_brings() -> None:
    modules = root_of(stack("cluster: {autoscaler: auto-mode}")).modules
    managed = {
        name: {each.rpartition("/")[2] for each in modules[name]["managed_policies"]}
        for name in ("role_cluster", "role_cluster_nodes")
    }
    ours = {"Cluster", "Compute", "BlockStorage", "LoadBalancing", "Networking"}
    assert managed["role_cluster"] == {f"AmazonEKS{each}Policy" for each in ours}
    assert managed["role_cluster_nodes"] == {"AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"}
    (trust,) = modules["role_cluster"]["trust_policy"]["Statement"]
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert modules["cluster"]["addons"].keys() == {"metrics-server"}
    assert not {"role_cluster_network", "role_cluster_disks"} & modules.keys()
    assert "sts:TagSession" not in str(root_of(stack("")).modules["role_cluster"]["trust_policy"])


@pytest.mark.finding("A19")
def test_auto_mode_makes_disks_enforces_policies_and_has_its_own_way_to_gpus() -> None:
    made = bundle(stack("cluster: {autoscaler: auto-mode, gpu: {instance-type: g5.xlarge}}"))
    assert plain(objects(made, "StorageClass")["gp3"])["provisioner"] == "ebs.csi.eks.amazonaws.com"
    settings = plain(objects(made, "ConfigMap")["amazon-vpc-cni"])
    assert settings["metadata"]["namespace"] == "kube-system"
    assert settings["data"] == {"enable-network-policy-controller": "true"}
    spec = pool(made, "gpu")
    assert spec["template"]["spec"]["nodeClassRef"] == {
        "group": "eks.amazonaws.com",
        "kind": "NodeClass",
        "name": "default",
    }
    assert spec["template"]["spec"]["taints"] == [{"key": GPU, "value": "present", "effect": "NoSchedule"}]
    assert objects(made, "EC2NodeClass") == {}
    assert "nvidia-device-plugin" not in made.values.graph.components
    assert "amazon-vpc-cni" not in objects(bundle(stack("")), "ConfigMap")


@pytest.mark.finding("A19")
def test_auto_mode_has_no_core_nodes_to_set() -> None:
    with pytest.raises(PlatinfraError) as raised:
        root_of(stack("cluster: {autoscaler: auto-mode, min: 3, spot: true}"))
    assert [(each.code, each.message.split("`")[1]) for each in raised.value.diagnostics] == [
        ("setting-of-another-target", "min"),
        ("setting-of-another-target", "spot"),
    ]


@pytest.mark.finding("A19")
def test_load_balancers_of_auto_mode_are_told_their_scheme_alone() -> None:
    text = stack("cluster: {autoscaler: auto-mode}, routes: {domain: ml.example.org, tls: {secret: cert}}")
    (proxy,) = objects(bundle(text), "EnvoyProxy").values()
    service = plain(proxy)["spec"]["provider"]["kubernetes"]["envoyService"]
    assert service["annotations"] == {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}


@pytest.mark.parametrize(
    ("deployment", "tool"),
    [
        (EXISTING, "node_provisioner: [karpenter]"),
        ("cluster: {autoscaler: cluster-autoscaler}", "node_provisioner: [karpenter]"),
        ("cluster: {autoscaler: auto-mode}", "node_provisioner: [karpenter]"),
        (EXISTING, "node_group_scaler: [cluster-autoscaler]"),
        ("", "node_group_scaler: [cluster-autoscaler]"),
    ],
)
def test_what_adds_nodes_is_refused_where_nothing_was_prepared_for_it(deployment: str, tool: str) -> None:
    with pytest.raises(PlatinfraError, match="autoscaler-not-prepared"):
        bundle(stack(deployment) + f"  {tool}\n")


@pytest.mark.parametrize(
    ("deployment", "classes"),
    [
        ("", ["gp3"]),
        ("storage-class: gp3", ["gp3"]),
        ("storage-class: fast", []),
        (EXISTING, []),
    ],
)
def test_a_new_cluster_gets_a_default_class_of_encrypted_volumes(deployment: str, classes: list[str]) -> None:
    found = {name: plain(each) for name, each in objects(bundle(stack(deployment)), "StorageClass").items()}
    assert list(found) == classes
    for each in found.values():
        assert each["provisioner"] == "ebs.csi.aws.com"
        assert each["parameters"] == {"type": "gp3", "encrypted": "true"}
        assert each["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
        assert "namespace" not in each["metadata"]


class NoClasses:
    """A cluster without a class of volumes."""

    def find(self, kind: str) -> list[dict[str, Any]]:
        assert kind == "storageclasses.storage.k8s.io"
        return []


@pytest.mark.parametrize(
    ("deployment", "missing"),
    [("", []), ("storage-class: gp3", []), ("storage-class: fast", ["missing-storage-class"])],
)
def test_the_class_that_a_stack_brings_is_not_missing(deployment: str, missing: list[str]) -> None:
    assert [each.code for each in session._no_storage(bundle(stack(deployment)), NoClasses())] == missing
