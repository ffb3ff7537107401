mock_provider "aws" {}

variables {
  name            = "demo"
  role_arn        = "arn:aws:iam::123456789012:role/demo"
  key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  script_location = "s3://bucket/demo/scripts/job.py"
  data_location   = "s3://bucket/demo"
}

run "everything_is_encrypted" {
  assert {
    condition     = aws_glue_job.this.security_configuration == aws_glue_security_configuration.this.name
    error_message = "The job has no security configuration."
  }
  assert {
    condition     = one(one(aws_glue_security_configuration.this.encryption_configuration).job_bookmarks_encryption).kms_key_arn == var.key_arn
    error_message = "Bookmarks are not encrypted."
  }
  assert {
    condition     = jsondecode(output.task).Parameters.JobName == "demo"
    error_message = "The task runs another job."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name            = "Demo"
    script_location = "job.py"
    data_location   = "s3://bucket/demo/"
    glue_version    = "1.0"
    worker_type     = "Standard"
    workers         = 1
    timeout_minutes = 0
  }
  expect_failures = [
    var.name, var.script_location, var.data_location, var.glue_version, var.worker_type, var.workers, var.timeout_minutes,
  ]
}
