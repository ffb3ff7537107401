mock_provider "aws" {}

variables {
  name    = "demo-release-210987654321"
  key_arn = "arn:aws:kms:eu-central-1:210987654321:key/11111111-2222-3333-4444-555555555555"
  texts   = { "platinfra.yaml" = "name: demo" }
  files   = ["release.tftest.hcl"]
  folder  = "./tests"
}

run "every_text_and_file_is_an_encrypted_object" {
  command = plan

  assert {
    condition     = aws_s3_object.text["platinfra.yaml"].content == "name: demo"
    error_message = "A text is not what was given."
  }

  assert {
    condition     = alltrue([for each in concat(values(aws_s3_object.text), values(aws_s3_object.file)) : each.kms_key_id == var.key_arn])
    error_message = "An object is not encrypted with the stack's key."
  }
}
