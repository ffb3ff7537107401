resource "aws_iam_role" "this" {
  name                  = var.name
  description           = var.description
  assume_role_policy    = jsonencode(var.trust_policy)
  permissions_boundary  = var.permissions_boundary
  max_session_duration  = var.max_session_seconds
  force_detach_policies = true
  tags                  = var.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = { for name, document in var.policies : name => jsonencode(document) }

  name   = each.key
  role   = aws_iam_role.this.name
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.managed_policies

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = var.instance_profile ? 1 : 0

  name = var.name
  role = aws_iam_role.this.name
  tags = var.tags
}

resource "aws_eks_pod_identity_association" "this" {
  count = var.pod_identity == null ? 0 : 1

  cluster_name    = var.pod_identity.cluster_name
  namespace       = var.pod_identity.namespace
  service_account = var.pod_identity.service_account
  role_arn        = aws_iam_role.this.arn
  tags            = var.tags

  # A pod that starts early would otherwise see an empty role.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}
