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

run "what_is_kept_for_some_days_expires_below_its_prefix_alone" {
  command = plan

  variables {
    expire = { "postgres/" = 14 }
  }
  assert {
    condition = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : [rule.filter[0].prefix, rule.expiration[0].days]
    if rule.id == "expire-postgres"] == [["postgres/", 14]]
    error_message = "Backups expire."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["expire-what-is-not-current", "expire-postgres"]
    error_message = "Nothing else does."
  }
}

run "an_expiry_of_everything_is_refused" {
  command = plan

  variables {
    expire = { "postgres" = 14 }
  }
  expect_failures = [var.expire]
}
