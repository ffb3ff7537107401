output "name" {
  description = "Name that was given."
  value       = var.name
}

output "topic_arn" {
  description = "ARN of the topic that alarms go to."
  value       = aws_sns_topic.this.arn
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
