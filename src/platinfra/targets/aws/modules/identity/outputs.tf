output "role_arn" {
  description = "ARN of the role, once its policies are attached."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}

output "instance_profile_name" {
  description = "Name of the instance profile, null without one."
  value       = one(aws_iam_instance_profile.this[*].name)
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "instance_profile_arn" {
  description = "ARN of the instance profile, null without one."
  value       = one(aws_iam_instance_profile.this[*].arn)
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}
