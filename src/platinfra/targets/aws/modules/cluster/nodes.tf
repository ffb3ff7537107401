locals {
  # EKS Auto Mode brings its own nodes.
  groups     = var.auto_mode ? 0 : 1
  images     = { x86_64 = "AL2023_x86_64_STANDARD", arm64 = "AL2023_ARM_64_STANDARD" }
  gpu_images = { x86_64 = "AL2023_x86_64_NVIDIA", arm64 = "AL2023_ARM_64_NVIDIA" }
}

# The nodes get the cluster's own security group, as the template names none.
resource "aws_launch_template" "nodes" {
  count = local.groups

  name                   = "${var.name}-nodes"
  description            = "Nodes of ${var.name}"
  update_default_version = true
  tags                   = var.tags

  # One hop: pods do not reach the node's credentials and have to use their own.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.node_disk_gb
      encrypted             = "true"
      kms_key_id            = var.key_arn
      delete_on_termination = "true"
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "network-interface", "volume"])

    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${var.name}-node" })
    }
  }
}

# Another instance type makes another group: the new nodes come before the old ones go.
resource "aws_eks_node_group" "core" {
  count = local.groups

  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = "core-"
  node_role_arn          = var.node_role_arn
  subnet_ids             = var.subnet_ids
  version                = var.kubernetes_version
  ami_type               = local.images[var.architecture]
  instance_types         = var.instance_types
  capacity_type          = var.capacity_type
  tags                   = var.tags

  launch_template {
    id      = aws_launch_template.nodes[0].id
    version = aws_launch_template.nodes[0].latest_version
  }

  scaling_config {
    min_size     = var.node_min
    desired_size = var.node_desired
    max_size     = var.node_max
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [scaling_config[0].desired_size]
  }

  depends_on = [aws_eks_addon.first]
}

# Empty until a pod asks for a GPU; whoever scales the groups reads label and taint from EKS.
resource "aws_eks_node_group" "gpu" {
  count = var.gpu == null ? 0 : local.groups

  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = "gpu-"
  node_role_arn          = var.node_role_arn
  subnet_ids             = var.subnet_ids
  version                = var.kubernetes_version
  ami_type               = local.gpu_images[var.gpu.architecture]
  instance_types         = [var.gpu.instance_type]
  capacity_type          = "ON_DEMAND"
  labels                 = { "platinfra/pool" = "gpu" }
  tags                   = var.tags

  taint {
    key    = "nvidia.com/gpu"
    value  = "present"
    effect = "NO_SCHEDULE"
  }

  launch_template {
    id      = aws_launch_template.nodes[0].id
    version = aws_launch_template.nodes[0].latest_version
  }

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = var.gpu.max
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [scaling_config[0].desired_size]
  }

  depends_on = [aws_eks_addon.first]
}
