output "name" {
  description = "Name that was given."
  value       = var.name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "task_definition_family" {
  description = "Name of the task definition."
  value       = aws_ecs_task_definition.this.family
}

output "task_definition_arn" {
  description = "ARN of the task definition, with its revision."
  value       = aws_ecs_task_definition.this.arn
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}

output "log_group" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.this.name
}

output "network" {
  description = "Where tasks run, as JSON: the `networkConfiguration` of RunTask."
  value = jsonencode({
    awsvpcConfiguration = {
      subnets        = var.subnet_ids
      securityGroups = [aws_security_group.this.id]
      assignPublicIp = "DISABLED"
    }
  })
}

output "task" {
  description = "State of a Step Functions state machine that runs one task, as JSON."
  value = jsonencode({
    Type     = "Task"
    Resource = "arn:${var.partition}:states:::ecs:runTask.sync"
    Parameters = {
      LaunchType     = "FARGATE"
      Cluster        = aws_ecs_cluster.this.arn
      TaskDefinition = aws_ecs_task_definition.this.arn
      NetworkConfiguration = {
        AwsvpcConfiguration = {
          Subnets        = var.subnet_ids
          SecurityGroups = [aws_security_group.this.id]
          AssignPublicIp = "DISABLED"
        }
      }
    }
  })
}
