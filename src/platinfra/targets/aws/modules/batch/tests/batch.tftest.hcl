mock_provider "aws" {
  mock_resource "aws_batch_compute_environment" {
    defaults = { arn = "arn:aws:batch:eu-central-1:123456789012:compute-environment/demo" }
  }
  mock_resource "aws_batch_job_queue" {
    defaults = { arn = "arn:aws:batch:eu-central-1:123456789012:job-queue/demo" }
  }
  mock_resource "aws_batch_job_definition" {
    defaults = { arn = "arn:aws:batch:eu-central-1:123456789012:job-definition/demo:1" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }
}

variables {
  name               = "demo"
  region             = "eu-central-1"
  vpc_id             = "vpc-1"
  subnet_ids         = ["subnet-1", "subnet-2"]
  image              = "public.ecr.aws/docker/library/python:3.12-slim"
  job_role_arn       = "arn:aws:iam::123456789012:role/job"
  execution_role_arn = "arn:aws:iam::123456789012:role/execution"
  key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "fargate_needs_no_machines" {
  assert {
    condition     = length(aws_launch_template.this) == 0
    error_message = "There is a launch template."
  }
  assert {
    condition     = jsondecode(aws_batch_job_definition.this.container_properties).networkConfiguration.assignPublicIp == "DISABLED"
    error_message = "Jobs have public addresses."
  }
  assert {
    condition     = jsondecode(output.task).Parameters.JobQueue == aws_batch_job_queue.this.arn
    error_message = "The task does not use the queue."
  }
}

run "machines_are_closed_and_encrypted" {
  variables {
    compute              = "spot"
    instance_types       = ["g5.xlarge"]
    instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/demo"
    vcpus                = 4
    memory_mb            = 12000
    gpus                 = 1
  }
  assert {
    condition     = one(aws_launch_template.this[0].metadata_options).http_tokens == "required"
    error_message = "IMDSv1 is allowed."
  }
  assert {
    condition     = one(one(aws_launch_template.this[0].block_device_mappings).ebs).kms_key_id == var.key_arn
    error_message = "The disk is not encrypted with the key."
  }
  assert {
    condition     = contains(jsondecode(aws_batch_job_definition.this.container_properties).resourceRequirements, { type = "GPU", value = "1" })
    error_message = "The job gets no GPU."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name            = "Demo"
    subnet_ids      = []
    max_vcpus       = 0
    vcpus           = 3
    gpus            = 1
    attempts        = 11
    timeout_seconds = 1
  }
  expect_failures = [var.name, var.subnet_ids, var.max_vcpus, var.vcpus, var.gpus, var.attempts, var.timeout_seconds]
}

run "memory_has_to_fit_fargate" {
  command = plan
  variables {
    memory_mb = 1000
  }
  expect_failures = [var.memory_mb]
}

run "machines_need_a_type_and_a_profile" {
  command = plan
  variables {
    compute = "ec2"
  }
  expect_failures = [var.instance_types, var.instance_profile_arn]
}

run "compute_is_known" {
  command = plan
  variables {
    compute              = "lambda"
    instance_types       = ["m6i.large"]
    instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/demo"
  }
  expect_failures = [var.compute]
}
