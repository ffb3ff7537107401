locals {
  one_task = jsonencode({
    Comment = "Runs one job."
    StartAt = "Run"
    States  = { Run = merge(try(jsondecode(var.task), {}), { End = true }) }
  })
}

resource "aws_cloudwatch_log_group" "this" {
  # AWS lets state machines write to groups of this beginning without a policy of its own for each.
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
  tags              = var.tags
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  role_arn   = var.role_arn
  definition = var.definition != "" ? var.definition : local.one_task
  tags       = var.tags

  logging_configuration {
    level = "ALL"
    # Inputs and outputs of steps may hold people's data.
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}
