# A network that wrote here before keeps its logs until they expire; a group that nothing writes to costs nothing.
resource "aws_cloudwatch_log_group" "flow_logs" {
  count = var.flow_logs == "none" ? 0 : 1

  name              = "/platinfra/${var.name}/flow-logs"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
  tags              = var.tags
}

resource "aws_flow_log" "this" {
  count = var.flow_logs == "cloudwatch" ? 1 : 0

  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  max_aggregation_interval = 600
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs[0].arn
  iam_role_arn             = var.flow_log_role_arn
  tags                     = merge(var.tags, { Name = var.name })
}

resource "aws_flow_log" "s3" {
  count = var.flow_logs == "s3" ? 1 : 0

  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  max_aggregation_interval = 600
  log_destination_type     = "s3"
  log_destination          = aws_s3_bucket.flow_logs[0].arn
  tags                     = merge(var.tags, { Name = var.name })

  depends_on = [aws_s3_bucket_policy.flow_logs]
}

# Logs expire and are nobody's data: the bucket goes with the network.
resource "aws_s3_bucket" "flow_logs" {
  count = var.flow_logs == "s3" ? 1 : 0

  bucket        = var.flow_log_bucket
  force_destroy = true
  tags          = merge(var.tags, { Name = var.flow_log_bucket })
}

resource "aws_s3_bucket_ownership_controls" "flow_logs" {
  count = length(aws_s3_bucket.flow_logs)

  bucket = aws_s3_bucket.flow_logs[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "flow_logs" {
  count = length(aws_s3_bucket.flow_logs)

  bucket                  = aws_s3_bucket.flow_logs[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# S3's own key: with the stack's, each file would be a paid call, and its policy would have to admit AWS' delivery.
resource "aws_s3_bucket_server_side_encryption_configuration" "flow_logs" {
  count = length(aws_s3_bucket.flow_logs)

  bucket = aws_s3_bucket.flow_logs[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "flow_logs" {
  count = length(aws_s3_bucket.flow_logs)

  bucket = aws_s3_bucket.flow_logs[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    expiration {
      days = var.log_days
    }
  }
}

# Source: VPC user guide, "Amazon S3 bucket permissions for flow logs".
resource "aws_s3_bucket_policy" "flow_logs" {
  count = length(aws_s3_bucket.flow_logs)

  bucket = aws_s3_bucket.flow_logs[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EncryptedConnectionsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.flow_logs[0].arn, "${aws_s3_bucket.flow_logs[0].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "Deliver"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.flow_logs[0].arn}/AWSLogs/*"
        Condition = local.flow_log_source
      },
      {
        Sid       = "FindBucket"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource  = aws_s3_bucket.flow_logs[0].arn
        Condition = local.flow_log_source
      },
    ]
  })

  # S3 refuses two changes of a bucket's access at the same time.
  depends_on = [aws_s3_bucket_public_access_block.flow_logs, aws_s3_bucket_ownership_controls.flow_logs]
}

locals {
  flow_log_account = aws_vpc.this.owner_id
  flow_log_source = {
    StringEquals = { "aws:SourceAccount" = local.flow_log_account }
    ArnLike      = { "aws:SourceArn" = "arn:*:logs:${var.region}:${local.flow_log_account}:*" }
  }
}
