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
  name                    = "seed-rds"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1", "subnet-2"]
  allowed_security_groups = { place = "sg-1" }
  key_arn                 = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  secret_prefix           = "seed"
  logins                  = { "mlflow.backend" = { username = "mlflow", database = "mlflow", secret_name = "seed/mlflow/backend" } }
}

run "a_database_is_protected_private_and_encrypted" {
  command = plan

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "The database cannot be deleted by mistake."
  }
  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible
    error_message = "Data are encrypted and not public."
  }
  assert {
    condition     = contains([for each in aws_db_parameter_group.this.parameter : "${each.name}=${each.value}"], "rds.force_ssl=1")
    error_message = "Connections are encrypted."
  }
  assert {
    condition     = keys(output.login_secret_arns) == ["mlflow.backend"]
    error_message = "Every login has a secret."
  }
}

run "a_kept_database_leaves_a_snapshot" {
  command = plan

  variables {
    on_destroy = "keep"
  }
  assert {
    condition     = !aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups
    error_message = "It can be destroyed, and leaves its data."
  }
}

run "a_disposable_database_leaves_nothing" {
  command = plan

  variables {
    on_destroy = "delete"
  }
  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot && output.final_snapshot == null
    error_message = "It can be destroyed without a trace."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name            = "1-rds"
    subnet_ids      = ["subnet-1"]
    engine_version  = "16.4"
    instance_class  = "t4g.medium"
    storage_gb      = 10
    backup_days     = 0
    parameters      = { "rds.force_ssl" = "0" }
    log_days        = 2
    master_username = "postgres"
    on_destroy      = "forget"
  }
  expect_failures = [
    var.name, var.subnet_ids, var.engine_version, var.instance_class, var.storage_gb, var.backup_days,
    var.parameters, var.log_days, var.master_username, var.on_destroy,
  ]
}

run "values_that_do_not_fit_together_are_refused" {
  command = plan

  variables {
    storage_gb     = 100
    max_storage_gb = 50
    logins = {
      administrator = { username = "postgres", database = "mlflow", secret_name = "seed/x/y" }
      elsewhere     = { username = "mlflow", database = "pg_x", secret_name = "other/x/y" }
    }
  }
  expect_failures = [var.max_storage_gb, var.logins]
}
