locals {
  environment = merge(var.client_environment, var.environment)

  fargate = startswith(var.compute, "fargate")

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  fargate_memory = {
    "0.25" = [512, 1024, 2048]
    "0.5"  = range(1024, 4097, 1024)
    "1"    = range(2048, 8193, 1024)
    "2"    = range(4096, 16385, 1024)
    "4"    = range(8192, 30721, 1024)
    "8"    = range(16384, 61441, 4096)
    "16"   = range(32768, 122881, 8192)
  }

  resources = concat(
    [
      { type = "VCPU", value = tostring(var.vcpus) },
      { type = "MEMORY", value = tostring(var.memory_mb) },
    ],
    var.gpus > 0 ? [{ type = "GPU", value = tostring(var.gpus) }] : [],
  )

  container = {
    image                = var.image
    command              = var.command
    environment          = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    resourceRequirements = local.resources
    jobRoleArn           = var.job_role_arn
    executionRoleArn     = var.execution_role_arn
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "job"
      }
    }
  }

  on_fargate = {
    fargatePlatformConfiguration = { platformVersion = "LATEST" }
    networkConfiguration         = { assignPublicIp = "DISABLED" }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/batch/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
  tags              = var.tags
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Jobs of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS and registries, over TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}

resource "aws_launch_template" "this" {
  count = local.fargate ? 0 : 1

  name_prefix = "${var.name}-"
  tags        = var.tags

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 100
      encrypted             = true
      kms_key_id            = var.key_arn
      delete_on_termination = true
    }
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # A job must not reach the machine's credentials.
    http_put_response_hop_limit = 1
  }
}

# The name changes with every replacement: a queue needs an environment all the time.
resource "aws_batch_compute_environment" "this" {
  compute_environment_name_prefix = "${var.name}-"
  type                            = "MANAGED"
  tags                            = var.tags

  compute_resources {
    type                = upper(var.compute)
    max_vcpus           = var.max_vcpus
    min_vcpus           = local.fargate ? null : 0
    subnets             = var.subnet_ids
    security_group_ids  = [aws_security_group.this.id]
    instance_type       = local.fargate ? null : var.instance_types
    instance_role       = local.fargate ? null : var.instance_profile_arn
    allocation_strategy = local.fargate ? null : var.compute == "spot" ? "SPOT_PRICE_CAPACITY_OPTIMIZED" : "BEST_FIT_PROGRESSIVE"
    tags                = local.fargate ? null : merge(var.tags, { Name = var.name })

    dynamic "launch_template" {
      for_each = aws_launch_template.this

      content {
        launch_template_id = launch_template.value.id
        version            = launch_template.value.latest_version
      }
    }

    dynamic "ec2_configuration" {
      for_each = local.fargate ? [] : [var.gpus > 0 ? "ECS_AL2023_NVIDIA" : "ECS_AL2023"]

      content {
        image_type = ec2_configuration.value
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_batch_job_queue" "this" {
  name     = var.name
  state    = "ENABLED"
  priority = 1
  tags     = var.tags

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.this.arn
  }
}

resource "aws_batch_job_definition" "this" {
  name                  = var.name
  type                  = "container"
  platform_capabilities = [local.fargate ? "FARGATE" : "EC2"]
  propagate_tags        = true
  container_properties  = jsonencode(merge(local.container, local.fargate ? local.on_fargate : {}))
  tags                  = var.tags

  retry_strategy {
    attempts = var.attempts
  }

  timeout {
    attempt_duration_seconds = var.timeout_seconds
  }
}
