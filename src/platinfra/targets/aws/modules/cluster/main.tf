resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/eks/${var.name}/cluster"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
  tags              = var.tags
}

resource "aws_eks_cluster" "this" {
  name                          = var.name
  version                       = var.kubernetes_version
  role_arn                      = var.cluster_role_arn
  enabled_cluster_log_types     = var.log_types
  bootstrap_self_managed_addons = false
  tags                          = var.tags

  # Whoever makes the cluster installs the applications in it; everybody else gets what the entries say.
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_access_cidrs) > 0
    public_access_cidrs     = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null
  }

  # EKS Auto Mode is three switches, which EKS takes together or not at all.
  dynamic "compute_config" {
    for_each = local.auto_mode

    content {
      enabled       = true
      node_pools    = ["general-purpose", "system"]
      node_role_arn = var.node_role_arn
    }
  }

  dynamic "kubernetes_network_config" {
    for_each = local.auto_mode

    content {
      elastic_load_balancing {
        enabled = true
      }
    }
  }

  dynamic "storage_config" {
    for_each = local.auto_mode

    content {
      block_storage {
        enabled = true
      }
    }
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.key_arn
    }
  }

  # An old version is upgraded in time instead of being paid for six times over.
  upgrade_policy {
    support_type = "STANDARD"
  }

  # It counts when a cluster is made; another value later would replace the cluster.
  lifecycle {
    ignore_changes = [access_config[0].bootstrap_cluster_creator_admin_permissions]
  }

  # EKS would make the group itself, unencrypted and kept for ever.
  depends_on = [aws_cloudwatch_log_group.this]
}

locals {
  partition         = split(":", var.cluster_role_arn)[1]
  security_group_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id

  auto_mode = var.auto_mode ? [true] : []

  # Nodes become ready only with these; the others need nodes to run on.
  first_addons = ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]
}

# Whoever works with the cluster from the network: people on a VPN, a bastion, CI.
resource "aws_vpc_security_group_ingress_rule" "api" {
  for_each = toset(var.private_access)

  security_group_id            = local.security_group_id
  description                  = "The Kubernetes API"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  cidr_ipv4                    = startswith(each.key, "sg-") ? null : each.key
  referenced_security_group_id = startswith(each.key, "sg-") ? each.key : null
  tags                         = var.tags
}

# Before the addons, so that their first pods have their permissions.
resource "aws_eks_pod_identity_association" "addons" {
  for_each = { for name, addon in var.addons : name => addon if addon.service_account != null }

  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = each.value.service_account
  role_arn        = each.value.role_arn
  tags            = var.tags
}

resource "aws_eks_addon" "first" {
  for_each = { for name, addon in var.addons : name => addon if contains(local.first_addons, name) }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = each.value.version
  configuration_values        = each.value.configuration
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_eks_pod_identity_association.addons]
}

resource "aws_eks_addon" "others" {
  for_each = { for name, addon in var.addons : name => addon if !contains(local.first_addons, name) }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = each.value.version
  configuration_values        = each.value.configuration
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_eks_node_group.core, aws_eks_pod_identity_association.addons]
}

resource "aws_eks_access_entry" "this" {
  for_each = var.access_entries

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value.principal_arn
  tags          = var.tags
}

resource "aws_eks_access_policy_association" "this" {
  for_each = var.access_entries

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this[each.key].principal_arn
  policy_arn    = "arn:${local.partition}:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type       = length(each.value.scope_namespaces) > 0 ? "namespace" : "cluster"
    namespaces = length(each.value.scope_namespaces) > 0 ? each.value.scope_namespaces : null
  }
}
