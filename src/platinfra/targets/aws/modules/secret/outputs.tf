output "arn" {
  description = "ARN of the secret, once it has a value."
  value       = aws_secretsmanager_secret.this.arn
  depends_on  = [aws_secretsmanager_secret_version.this]
}

output "name" {
  description = "Name of the secret."
  value       = aws_secretsmanager_secret.this.name
}

output "version" {
  description = "Number that changes whenever the secret is written: a sign for whoever passes the password on."
  value       = local.version
}
