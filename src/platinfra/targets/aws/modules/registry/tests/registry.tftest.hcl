mock_provider "aws" {}

variables {
  name    = "seed-ecr"
  key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "tags_do_not_move_and_images_are_scanned" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "A tag names one image for ever."
  }
  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images are scanned."
  }
  assert {
    condition     = !aws_ecr_repository.this.force_delete
    error_message = "Images outlive a mistake."
  }
}

run "a_disposable_repository_is_emptied" {
  command = plan

  variables {
    on_destroy  = "delete"
    keep_images = 3
  }
  assert {
    condition     = aws_ecr_repository.this.force_delete
    error_message = "A repository with images could not be destroyed."
  }
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[1].selection.countNumber == 3
    error_message = "As many images are kept as was asked for."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name          = "Seed--Images"
    keep_images   = 0
    untagged_days = 0.5
    on_destroy    = "forget"
  }
  expect_failures = [var.name, var.keep_images, var.untagged_days, var.on_destroy]
}
