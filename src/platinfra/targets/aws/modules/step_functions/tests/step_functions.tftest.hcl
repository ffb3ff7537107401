mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/demo" }
  }
}

variables {
  name     = "demo"
  task     = "{\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::batch:submitJob.sync\"}"
  role_arn = "arn:aws:iam::123456789012:role/demo"
  key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "one_task_makes_a_state_machine" {
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Run.End && jsondecode(aws_sfn_state_machine.this.definition).States.Run.Type == "Task"
    error_message = "The task is not the last state."
  }
  assert {
    condition     = !one(aws_sfn_state_machine.this.logging_configuration).include_execution_data
    error_message = "Inputs and outputs are logged."
  }
}

run "a_definition_wins" {
  variables {
    definition = "{\"StartAt\": \"Done\", \"States\": {\"Done\": {\"Type\": \"Succeed\"}}}"
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).StartAt == "Done"
    error_message = "The definition is not used."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name       = "Demo"
    definition = "{}"
  }
  expect_failures = [var.name, var.definition]
}

run "something_has_to_run" {
  command = plan
  variables {
    task = ""
  }
  expect_failures = [var.task]
}
