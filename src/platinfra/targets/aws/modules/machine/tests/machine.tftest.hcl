mock_provider "aws" {
  mock_resource "aws_instance" {
    defaults = { public_ip = "" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { value = "ami-0123456789abcdef0" }
  }
}

variables {
  name                  = "demo"
  vpc_id                = "vpc-1"
  subnet_id             = "subnet-1"
  cidr                  = "10.0.0.0/16"
  key_arn               = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  instance_profile_name = "demo"
}

run "machine_is_closed_and_encrypted" {
  assert {
    condition     = one(aws_instance.this.metadata_options).http_tokens == "required"
    error_message = "IMDSv1 is allowed."
  }
  assert {
    condition     = one(aws_instance.this.root_block_device).encrypted && aws_ebs_volume.data.encrypted
    error_message = "A disk is not encrypted."
  }
  assert {
    condition     = aws_instance.this.disable_api_termination
    error_message = "Anybody may terminate the machine."
  }
}

run "delete_allows_termination" {
  variables {
    on_destroy = "delete"
    cidr       = null
  }
  assert {
    condition     = !aws_instance.this.disable_api_termination
    error_message = "The machine refuses to go."
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.postgres) == 0
    error_message = "Databases are reachable."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name            = "Demo"
    cidr            = "10.0.0.0"
    image_parameter = "/mine"
    root_gb         = 1
    data_gb         = 0
    on_destroy      = "forget"
  }
  expect_failures = [var.name, var.cidr, var.image_parameter, var.root_gb, var.data_gb, var.on_destroy]
}
