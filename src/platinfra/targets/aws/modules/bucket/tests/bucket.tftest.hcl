mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::seed-s3-123456789012" }
  }
}

variables {
  name    = "seed-s3-123456789012"
  key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "a_bucket_is_private_versioned_and_not_emptied" {
  command = plan

  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "Objects outlive a mistake."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Versions are kept."
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Nothing is public."
  }
}

run "a_kept_bucket_is_not_emptied_either" {
  command = plan

  variables {
    on_destroy = "keep"
  }
  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "Only delete empties a bucket."
  }
}

run "a_disposable_bucket_is_emptied" {
  command = plan

  variables {
    on_destroy = "delete"
  }
  assert {
    condition     = aws_s3_bucket.this.force_destroy
    error_message = "A bucket with objects could not be destroyed."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name            = "Seed_Bucket"
    noncurrent_days = 0
    on_destroy      = "forget"
  }
  expect_failures = [var.name, var.noncurrent_days, var.on_destroy]
}
