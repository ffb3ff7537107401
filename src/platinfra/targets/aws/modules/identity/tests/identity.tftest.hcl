mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/seed-mlflow" }
  }
}

variables {
  name         = "seed-mlflow"
  trust_policy = { Version = "2012-10-17", Statement = [] }
}

run "a_role_alone_may_do_nothing" {
  command = plan

  assert {
    condition     = length(aws_iam_role_policy.this) + length(aws_iam_role_policy_attachment.this) == 0
    error_message = "Permissions are given, not presumed."
  }
  assert {
    condition     = output.instance_profile_name == null && length(aws_eks_pod_identity_association.this) == 0
    error_message = "Nobody gets the role unasked."
  }
}

run "a_role_can_be_handed_to_pods_and_machines" {
  command = plan

  variables {
    policies         = { wires = { Version = "2012-10-17", Statement = [] } }
    managed_policies = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
    instance_profile = true
    pod_identity     = { cluster_name = "seed", namespace = "seed", service_account = "mlflow" }
  }
  assert {
    condition     = aws_iam_role_policy.this["wires"].role == "seed-mlflow" && length(aws_iam_role_policy_attachment.this) == 1
    error_message = "The policies belong to the role."
  }
  assert {
    condition     = output.instance_profile_name == "seed-mlflow"
    error_message = "The profile is called as the role."
  }
  assert {
    condition     = aws_eks_pod_identity_association.this[0].service_account == "mlflow"
    error_message = "The service account gets the role."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                = "with space"
    trust_policy        = "nobody"
    policies            = { "with space" = {} }
    managed_policies    = ["AmazonSSMManagedInstanceCore"]
    max_session_seconds = 60
  }
  expect_failures = [var.name, var.trust_policy, var.policies, var.managed_policies, var.max_session_seconds]
}
