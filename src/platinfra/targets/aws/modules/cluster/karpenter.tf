locals {
  karpenter = var.karpenter == null ? [] : [var.karpenter.queue_name]

  # What tells that a node will go soon.
  notices = var.karpenter == null ? {} : {
    health      = { source = ["aws.health"], detail-type = ["AWS Health Event"] }
    interrupted = { source = ["aws.ec2"], detail-type = ["EC2 Spot Instance Interruption Warning"] }
    rebalanced  = { source = ["aws.ec2"], detail-type = ["EC2 Instance Rebalance Recommendation"] }
    stopped     = { source = ["aws.ec2"], detail-type = ["EC2 Instance State-change Notification"] }
  }
}

# Karpenter gives its nodes the security groups that carry this tag; its subnets have it from the network.
resource "aws_ec2_tag" "karpenter" {
  count = length(local.karpenter)

  resource_id = local.security_group_id
  key         = "karpenter.sh/discovery"
  value       = var.name
}

# SQS's own encryption: the notices hold ids of instances, and a key could lock out those who send them.
resource "aws_sqs_queue" "karpenter" {
  count = length(local.karpenter)

  name                      = local.karpenter[0]
  message_retention_seconds = 300
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "karpenter" {
  count = length(local.karpenter)

  queue_url = aws_sqs_queue.karpenter[0].url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Notices"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.karpenter[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for rule in aws_cloudwatch_event_rule.karpenter : rule.arn] } }
      },
      {
        Sid       = "EncryptedConnectionsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.karpenter[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "karpenter" {
  for_each = local.notices

  name          = "${var.name}-${each.key}"
  description   = "Nodes of ${var.name} that will go soon"
  event_pattern = jsonencode(each.value)
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "karpenter" {
  for_each = local.notices

  rule = aws_cloudwatch_event_rule.karpenter[each.key].name
  arn  = aws_sqs_queue.karpenter[0].arn
}
