locals {
  # A write-only value is written when its version changes, and Terraform cannot see whether the value did.
  version = parseint(substr(sha256(jsonencode([var.rotation_version, var.fields])), 0, 7), 16)
}

resource "aws_secretsmanager_secret" "this" {
  name                    = var.name
  description             = var.description
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.on_destroy == "delete" ? 0 : 30
  tags                    = var.tags
}

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = var.generated

  # Unknown until the secret exists: the first plan asks nobody for a password and needs no account.
  password_length     = aws_secretsmanager_secret.this.arn == "" ? 0 : var.length
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo_version = local.version
  secret_string_wo = jsonencode(merge(
    var.fields,
    { for name, made in ephemeral.aws_secretsmanager_random_password.this : name => made.random_password },
  ))
}
