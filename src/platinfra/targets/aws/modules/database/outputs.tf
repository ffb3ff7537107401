output "host" {
  description = "Host of the database."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = local.port
}

output "endpoint" {
  description = "Host and port, separated by a colon."
  value       = aws_db_instance.this.endpoint
}

output "instance_id" {
  description = "Identifier of the instance."
  value       = aws_db_instance.this.identifier
}

output "master_secret_arn" {
  description = "ARN of the secret with the administrator's password, which RDS changes every week."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "login_secret_arns" {
  description = "Label of a login to the ARN of its secret."
  value       = { for label, login in module.login : label => login.arn }
}

output "login_secret_versions" {
  description = "Label of a login to a number that changes with its password: the password has to be set again then."
  value       = { for label, login in module.login : label => login.version }
}

output "security_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.this.id
}

output "final_snapshot" {
  description = "Name of the snapshot that destroying leaves, null if it leaves none."
  value       = var.on_destroy == "delete" ? null : local.final_snapshot
}
