output "name" {
  description = "Name that was given."
  value       = var.name
}

output "database_name" {
  description = "Name of the database of the table catalog."
  value       = aws_glue_catalog_database.this.name
}

output "job_name" {
  description = "Name of the job."
  value       = aws_glue_job.this.name
}

output "job_arn" {
  description = "ARN of the job."
  value       = aws_glue_job.this.arn
}

output "task" {
  description = "State of a Step Functions state machine that runs the job once, as JSON."
  value = jsonencode({
    Type       = "Task"
    Resource   = "arn:${var.partition}:states:::glue:startJobRun.sync"
    Parameters = { JobName = aws_glue_job.this.name }
  })
}
