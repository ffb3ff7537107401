locals {
  port           = 5432
  final_snapshot = "${var.name}-final-${substr(terraform_data.life.id, 0, 8)}"
}

# A database of the same name may be made, destroyed and made again: each life leaves a snapshot of its own.
resource "terraform_data" "life" {}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
  tags        = var.tags
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  multi_az       = var.multi_az
  tags           = merge(var.tags, { Name = var.name })

  allocated_storage     = var.storage_gb
  max_allocated_storage = var.max_storage_gb == var.storage_gb ? 0 : var.max_storage_gb
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  port                   = local.port
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  username                            = var.master_username
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.key_arn
  iam_database_authentication_enabled = true

  parameter_group_name        = aws_db_parameter_group.this.name
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = var.allow_major_upgrade
  apply_immediately           = var.apply_immediately
  maintenance_window          = var.maintenance_window

  backup_retention_period   = var.backup_days
  backup_window             = var.backup_window
  copy_tags_to_snapshot     = true
  deletion_protection       = var.on_destroy == "protect"
  skip_final_snapshot       = var.on_destroy == "delete"
  final_snapshot_identifier = var.on_destroy == "delete" ? null : local.final_snapshot
  delete_automated_backups  = var.on_destroy == "delete"

  enabled_cloudwatch_logs_exports       = local.logs
  monitoring_interval                   = var.monitoring_role_arn == null ? 0 : 60
  monitoring_role_arn                   = var.monitoring_role_arn
  performance_insights_enabled          = var.performance_insights
  performance_insights_kms_key_id       = var.performance_insights ? var.key_arn : null
  performance_insights_retention_period = var.performance_insights ? 7 : null

  # RDS would make the groups itself, unencrypted and kept for ever.
  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.name}-postgres${var.engine_version}"
  family      = "postgres${var.engine_version}"
  description = "Parameters of ${var.name}"
  tags        = var.tags

  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "immediate"
  }

  # Statements are not logged one by one: among them are those that set passwords.
  dynamic "parameter" {
    for_each = merge({ log_connections = "1", log_disconnections = "1" }, var.parameters)

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = contains(local.at_once, parameter.key) ? "immediate" : "pending-reboot"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  logs = ["postgresql", "upgrade"]
  # Parameters that take effect without a restart; RDS refuses the word for others.
  at_once = ["log_connections", "log_disconnections"]
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(local.logs)

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
  tags              = var.tags
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Who may connect to ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = var.allowed_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = each.value
  tags                         = var.tags
}

module "login" {
  source   = "../secret"
  for_each = var.logins

  name        = each.value.secret_name
  description = "Login ${each.value.username} of ${var.name}"
  tags        = var.tags
  key_arn     = var.key_arn
  on_destroy  = var.on_destroy
  generated   = ["password"]
  fields = {
    engine   = "postgres"
    host     = aws_db_instance.this.address
    port     = tostring(local.port)
    username = each.value.username
    database = each.value.database
  }
}
