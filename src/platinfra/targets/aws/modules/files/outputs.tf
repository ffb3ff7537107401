output "id" {
  description = "Id of the file system, once the nodes reach it."
  value       = aws_efs_file_system.this.id

  depends_on = [aws_efs_mount_target.this, aws_efs_file_system_policy.this]
}

output "arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}
