output "name" {
  description = "Name that was given."
  value       = var.name
}

output "model_package_group_arn" {
  description = "ARN of the group that holds the versions of models."
  value       = aws_sagemaker_model_package_group.this.arn
}

output "model_package_group_name" {
  description = "Name of the group that holds the versions of models."
  value       = aws_sagemaker_model_package_group.this.model_package_group_name
}

output "endpoint_name" {
  description = "Name of the endpoint; null without one."
  value       = one(aws_sagemaker_endpoint.this[*].name)
}

output "security_group_id" {
  description = "Security group of models and training jobs."
  value       = aws_security_group.this.id
}
