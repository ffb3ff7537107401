mock_provider "aws" {
  mock_resource "aws_eks_cluster" {
    defaults = {
      arn                   = "arn:aws:eks:eu-central-1:123456789012:cluster/seed"
      certificate_authority = [{ data = "eA==" }]
    }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:seed-karpenter" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/seed" }
  }
}

variables {
  name               = "seed"
  kubernetes_version = "1.34"
  vpc_id             = "vpc-1"
  subnet_ids         = ["subnet-1", "subnet-2"]
  key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  cluster_role_arn   = "arn:aws:iam::123456789012:role/seed-cluster"
  node_role_arn      = "arn:aws:iam::123456789012:role/seed-cluster-nodes"
}

run "a_cluster_is_private_and_encrypted" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API is not on the internet."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Who makes the cluster installs what is in it; access is what the entries say."
  }
  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.key_arn && aws_launch_template.nodes[0].block_device_mappings[0].ebs[0].kms_key_id == var.key_arn
    error_message = "Secrets and disks are encrypted."
  }
  assert {
    condition     = aws_launch_template.nodes[0].metadata_options[0].http_tokens == "required" && aws_launch_template.nodes[0].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Pods do not reach the node's credentials."
  }
  assert {
    condition     = length(aws_sqs_queue.karpenter) + length(aws_vpc_security_group_ingress_rule.api) + length(aws_eks_access_entry.this) == 0
    error_message = "Nothing comes unasked."
  }
}

run "everything_asked_for_is_there" {
  command = plan

  variables {
    public_access_cidrs = ["203.0.113.0/24"]
    architecture        = "arm64"
    karpenter           = { queue_name = "seed-karpenter" }
    private_access      = ["10.8.0.0/16", "sg-0a1b2c3d"]
    access_entries = {
      data_scientist = { principal_arn = "arn:aws:iam::123456789012:role/x", policy = "AmazonEKSViewPolicy", scope_namespaces = ["seed"] }
      admin          = { principal_arn = "arn:aws:iam::123456789012:role/y", policy = "AmazonEKSClusterAdminPolicy" }
    }
    addons = {
      coredns                = {}
      kube-proxy             = {}
      vpc-cni                = {}
      eks-pod-identity-agent = {}
      aws-ebs-csi-driver     = { role_arn = "arn:aws:iam::123456789012:role/z", service_account = "ebs-csi-controller-sa" }
    }
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "Those who are named reach the API."
  }
  assert {
    condition     = aws_eks_node_group.core[0].ami_type == "AL2023_ARM_64_STANDARD"
    error_message = "Nodes have the image of their architecture."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.api["10.8.0.0/16"].cidr_ipv4 == "10.8.0.0/16" && aws_vpc_security_group_ingress_rule.api["sg-0a1b2c3d"].referenced_security_group_id == "sg-0a1b2c3d"
    error_message = "Those who are named reach the private API."
  }
  assert {
    condition     = length(aws_cloudwatch_event_target.karpenter) == 4 && output.karpenter_queue_name == "seed-karpenter"
    error_message = "Karpenter hears about nodes that go."
  }
  assert {
    condition     = aws_eks_access_policy_association.this["data_scientist"].access_scope[0].type == "namespace" && aws_eks_access_policy_association.this["admin"].access_scope[0].type == "cluster"
    error_message = "Access is limited to the namespaces that are named."
  }
  assert {
    condition     = aws_eks_pod_identity_association.addons["aws-ebs-csi-driver"].service_account == "ebs-csi-controller-sa"
    error_message = "An addon has the role it was given."
  }
  assert {
    condition     = keys(aws_eks_addon.others) == ["aws-ebs-csi-driver", "coredns"] && length(aws_eks_addon.first) == 3
    error_message = "Addons that need nodes wait for them."
  }
}

run "a_group_of_gpu_nodes_starts_empty" {
  command = plan

  variables {
    gpu = { instance_type = "g5.xlarge", architecture = "x86_64", max = 3 }
  }
  assert {
    condition     = aws_eks_node_group.gpu[0].scaling_config[0].min_size == 0 && aws_eks_node_group.gpu[0].scaling_config[0].max_size == 3 && aws_eks_node_group.gpu[0].ami_type == "AL2023_x86_64_NVIDIA"
    error_message = "Nobody pays for a GPU that no pod asks for."
  }
  assert {
    condition     = one(aws_eks_node_group.gpu[0].taint).key == "nvidia.com/gpu"
    error_message = "Nothing else runs there."
  }
}

run "auto_mode_is_three_switches_and_no_nodes_of_ours" {
  command = plan

  variables {
    auto_mode = true
    addons    = { metrics-server = {} }
  }
  assert {
    condition     = aws_eks_cluster.this.compute_config[0].enabled && aws_eks_cluster.this.storage_config[0].block_storage[0].enabled && aws_eks_cluster.this.kubernetes_network_config[0].elastic_load_balancing[0].enabled
    error_message = "EKS takes the three switches together."
  }
  assert {
    condition     = aws_eks_cluster.this.compute_config[0].node_role_arn == var.node_role_arn && !aws_eks_cluster.this.bootstrap_self_managed_addons
    error_message = "Nodes have the role of the stack, and no add-ons that EKS brings itself."
  }
  assert {
    condition     = length(aws_eks_node_group.core) + length(aws_launch_template.nodes) + length(aws_eks_addon.first) == 0
    error_message = "EKS brings the nodes."
  }
}

run "auto_mode_brings_its_own_addons" {
  command = plan

  variables {
    auto_mode = true
  }
  expect_failures = [var.addons]
}

run "auto_mode_goes_with_no_other_nodes" {
  command = plan

  variables {
    auto_mode = true
    addons    = { metrics-server = {} }
    karpenter = { queue_name = "seed-karpenter" }
    gpu       = { instance_type = "g5.xlarge", architecture = "x86_64", max = 3 }
  }
  expect_failures = [var.karpenter, var.gpu]
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                = "Seed"
    kubernetes_version  = "1.34.1"
    subnet_ids          = ["subnet-1"]
    public_access_cidrs = ["0.0.0.0/0"]
    architecture        = "sparc"
    instance_types      = []
    capacity_type       = "FREE"
    node_min            = 0
    node_disk_gb        = 1
    private_access      = ["everybody"]
    karpenter           = { queue_name = "with space" }
    addons              = {}
    access_entries      = { x = { principal_arn = "arn:aws:iam::123456789012:role/x", policy = "admin" } }
    log_types           = ["everything"]
    log_days            = 2
  }
  expect_failures = [
    var.name, var.kubernetes_version, var.subnet_ids, var.public_access_cidrs, var.architecture, var.instance_types,
    var.capacity_type, var.node_min, var.node_disk_gb, var.private_access, var.karpenter, var.addons,
    var.access_entries, var.log_types, var.log_days,
  ]
}

run "more_nodes_than_allowed_are_refused" {
  command = plan

  variables {
    node_desired = 9
  }
  expect_failures = [var.node_desired]
}
