module "bucket" {
  source = "../bucket"

  name            = var.name
  tags            = var.tags
  key_arn         = var.key_arn
  noncurrent_days = 7
  # A release can be written again at any time.
  on_destroy = "delete"
}

resource "aws_s3_object" "text" {
  for_each = var.texts

  bucket                 = module.bucket.name
  key                    = each.key
  content                = each.value
  server_side_encryption = "aws:kms"
  kms_key_id             = var.key_arn
  tags                   = var.tags
}

resource "aws_s3_object" "file" {
  for_each = var.files

  bucket                 = module.bucket.name
  key                    = each.value
  source                 = "${var.folder}/${each.value}"
  source_hash            = filemd5("${var.folder}/${each.value}")
  server_side_encryption = "aws:kms"
  kms_key_id             = var.key_arn
  tags                   = var.tags
}
