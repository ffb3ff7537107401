mock_provider "aws" {}

variables {
  name               = "demo"
  region             = "eu-central-1"
  vpc_id             = "vpc-1"
  subnet_ids         = ["subnet-1", "subnet-2"]
  image              = "public.ecr.aws/docker/library/python:3.12-slim"
  environment        = { ARTIFACTS_URL = "s3://bucket/demo" }
  task_role_arn      = "arn:aws:iam::123456789012:role/task"
  execution_role_arn = "arn:aws:iam::123456789012:role/execution"
  key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "tasks_are_private_and_logged" {
  assert {
    condition     = jsondecode(output.task).Parameters.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp == "DISABLED"
    error_message = "Tasks have public addresses."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.key_arn
    error_message = "Logs are not encrypted with the key."
  }
  assert {
    condition     = one(jsondecode(aws_ecs_task_definition.this.container_definitions)).environment == [{ name = "ARTIFACTS_URL", value = "s3://bucket/demo" }]
    error_message = "The environment is lost."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name       = "Demo"
    subnet_ids = []
    cpu        = 1000
  }
  expect_failures = [var.name, var.subnet_ids, var.cpu]
}

run "memory_has_to_fit" {
  command = plan
  variables {
    memory_mb = 1024
  }
  expect_failures = [var.memory_mb]
}
