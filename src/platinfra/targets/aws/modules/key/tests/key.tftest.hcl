mock_provider "aws" {}

variables {
  name       = "seed-kms"
  account_id = "123456789012"
  region     = "eu-central-1"
}

run "a_key_rotates_and_waits_long_before_it_is_deleted" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key has to rotate and to wait 30 days."
  }
  assert {
    condition     = output.alias == "alias/seed-kms"
    error_message = "The alias is predictable."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      try(statement.Principal.AWS, "") != "*" || can(statement.Condition.ArnEquals["aws:PrincipalArn"])
    ])
    error_message = "Nobody unnamed may use the key."
  }
}

run "a_disposable_key_goes_after_a_week" {
  command = plan

  variables {
    on_destroy = "delete"
  }
  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 7
    error_message = "KMS allows no fewer than 7 days."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name       = "Seed"
    account_id = "123"
    on_destroy = "forget"
  }
  expect_failures = [var.name, var.account_id, var.on_destroy]
}
