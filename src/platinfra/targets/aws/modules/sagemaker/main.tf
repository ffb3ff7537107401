locals {
  endpoint = try(var.endpoint.image, "") == "" ? [] : [var.endpoint]

  # Models and configurations never change: others take their place, under names that tell what they hold.
  version = substr(sha256(jsonencode([local.endpoint, var.subnet_ids])), 0, 8)

  # Machines with disks of their own encrypt those by themselves, and SageMaker refuses a key for them.
  own_disks = can(regex("^ml\\.(g4dn|g5|g6e?|gr6|p4de?|p5e?n?|trn[12]n?|[cmr][5-7]g?d)\\.", try(var.endpoint.instance_type, "")))
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Models and training jobs of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS, over TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}

resource "aws_sagemaker_model_package_group" "this" {
  model_package_group_name = var.name
  tags                     = var.tags
}

resource "aws_sagemaker_model" "this" {
  count = length(local.endpoint)

  name                     = "${var.name}-${local.version}"
  execution_role_arn       = var.role_arn
  enable_network_isolation = true
  tags                     = var.tags

  primary_container {
    image          = var.endpoint.image
    model_data_url = var.endpoint.model_data_url
  }

  vpc_config {
    subnets            = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  count = length(local.endpoint)

  name        = aws_sagemaker_model.this[0].name
  kms_key_arn = local.own_disks ? null : var.key_arn
  tags        = var.tags

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.this[0].name
    instance_type          = var.endpoint.instance_type
    initial_instance_count = var.endpoint.instances
    initial_variant_weight = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  count = length(local.endpoint)

  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this[0].name
  tags                 = var.tags
}
