locals {
  account = "arn:${var.partition}:iam::${var.account_id}"
  domain  = var.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"
  use     = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  # They start instances with encrypted disks. An account that never used a service lacks its role, and KMS refuses
  # a policy with an unknown principal: hence the conditions instead of principals.
  launchers = [
    "${local.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    "${local.account}:role/aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet",
    "${local.account}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
  ]
  launched = {
    StringEquals = { "kms:CallerAccount" = var.account_id }
    ArnEquals    = { "aws:PrincipalArn" = local.launchers }
  }
}

resource "aws_kms_key" "this" {
  description             = "Encrypts the data of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.on_destroy == "delete" ? 7 : 30
  policy                  = jsonencode({ Version = "2012-10-17", Statement = local.statements })
  tags                    = merge(var.tags, { Name = var.name })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  statements = [
    {
      # Hands the decision to IAM; without it nobody could change the key any more.
      Sid       = "Account"
      Effect    = "Allow"
      Principal = { AWS = "${local.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    },
    {
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.region}.${local.domain}" }
      Action    = local.use
      Resource  = "*"
      Condition = {
        ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:*" }
      }
    },
    {
      # Alarms publish to encrypted topics; no role of ours acts for them.
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    },
    {
      # Rules do so too, but what EventBridge asks of KMS carries no source (SNS developer guide, "Key management").
      Sid       = "Rules"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
    },
    {
      Sid       = "Disks"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = local.use
      Resource  = "*"
      Condition = local.launched
    },
    {
      Sid       = "DiskGrants"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "kms:CreateGrant"
      Resource  = "*"
      Condition = merge(local.launched, { Bool = { "kms:GrantIsForAWSResource" = "true" } })
    },
  ]
}
