# Terraform mocks no ephemeral resources yet. Planning alone reaches no account: the provider is a real one without any.
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name    = "seed/mlflow/backend"
  key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "a_secret_can_be_restored" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret.this.recovery_window_in_days == 30
    error_message = "A secret that was deleted by mistake can be restored."
  }
  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string == null
    error_message = "No state holds the secret."
  }
}

run "a_disposable_secret_frees_its_name_at_once" {
  command = plan

  variables {
    on_destroy = "delete"
  }
  assert {
    condition     = aws_secretsmanager_secret.this.recovery_window_in_days == 0
    error_message = "The name could not be used again for a month."
  }
}

run "another_field_writes_the_secret_anew" {
  command = plan

  variables {
    fields = { host = "db.example.org" }
  }
  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string_wo_version != run.a_secret_can_be_restored.version
    error_message = "The new field would be lost."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name             = "with space"
    fields           = { password = "given" }
    length           = 8
    rotation_version = 0
    on_destroy       = "forget"
  }
  expect_failures = [var.name, var.generated, var.length, var.rotation_version, var.on_destroy]
}
