output "name" {
  description = "Name that was given."
  value       = var.name
}

output "queue_arn" {
  description = "ARN of the job queue."
  value       = aws_batch_job_queue.this.arn
}

output "queue_name" {
  description = "Name of the job queue."
  value       = aws_batch_job_queue.this.name
}

output "job_definition_arn" {
  description = "ARN of the job definition, with its revision."
  value       = aws_batch_job_definition.this.arn
}

output "job_definition_name" {
  description = "Name of the job definition."
  value       = aws_batch_job_definition.this.name
}

output "security_group_id" {
  description = "Security group of the jobs."
  value       = aws_security_group.this.id
}

output "log_group" {
  description = "Log group of the jobs."
  value       = aws_cloudwatch_log_group.this.name
}

output "task" {
  description = "State of a Step Functions state machine that runs one job, as JSON."
  value = jsonencode({
    Type     = "Task"
    Resource = "arn:${var.partition}:states:::batch:submitJob.sync"
    Parameters = {
      JobName       = var.name
      JobQueue      = aws_batch_job_queue.this.arn
      JobDefinition = aws_batch_job_definition.this.arn
    }
  })
}
