mock_provider "aws" {
  mock_resource "aws_efs_file_system" {
    defaults = { arn = "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-0123456789abcdef0" }
  }
}

variables {
  name              = "seed-files"
  vpc_id            = "vpc-1"
  subnet_ids        = ["subnet-1", "subnet-2"]
  subnet_count      = 2
  security_group_id = "sg-1"
  key_arn           = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "files_are_encrypted_and_for_the_nodes" {
  command = apply

  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_file_system.this.kms_key_id == var.key_arn
    error_message = "Files are encrypted with the stack's key."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.nodes.referenced_security_group_id == "sg-1" && aws_vpc_security_group_ingress_rule.nodes.from_port == 2049
    error_message = "Nodes and nobody else reach them."
  }
  assert {
    condition     = [for each in aws_efs_mount_target.this : each.subnet_id] == ["subnet-1", "subnet-2"]
    error_message = "They are reached in every subnet."
  }
  assert {
    condition     = anytrue([for each in jsondecode(aws_efs_file_system_policy.this.policy).Statement : each.Effect == "Deny" && try(each.Condition.Bool["aws:SecureTransport"], "") == "false"])
    error_message = "What is not encrypted on the way is refused."
  }
}

run "no_subnet_is_refused" {
  command = plan

  variables {
    subnet_count = 0
  }
  expect_failures = [var.subnet_count]
}
