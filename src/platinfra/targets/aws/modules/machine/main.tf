# Reading a public parameter is the one call to AWS that a plan of this module makes.
data "aws_ssm_parameter" "image" {
  name = var.image_parameter
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Machine ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS and package registries, over TLS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "postgres" {
  count = var.cidr == null ? 0 : 1

  security_group_id = aws_security_group.this.id
  description       = "Databases of the network"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = var.cidr
  tags              = var.tags
}

resource "aws_instance" "this" {
  ami                         = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [aws_security_group.this.id]
  iam_instance_profile        = var.instance_profile_name
  ebs_optimized               = true
  monitoring                  = true
  user_data                   = var.user_data
  user_data_replace_on_change = true
  disable_api_termination     = var.on_destroy == "protect"
  tags                        = merge(var.tags, { Name = var.name })

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.root_gb
    encrypted             = true
    kms_key_id            = var.key_arn
    delete_on_termination = true
    tags                  = merge(var.tags, { Name = "${var.name}-root" })
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  lifecycle {
    # A new image is published every few days; it must not replace the machine.
    ignore_changes = [ami]

    postcondition {
      condition     = self.public_ip == ""
      error_message = "The machine got a public address: its subnet is not private."
    }
  }
}

# `final_snapshot` cannot be turned off again: AWS refuses the empty change that the provider sends for it.
resource "aws_ebs_volume" "data" {
  availability_zone = aws_instance.this.availability_zone
  type              = "gp3"
  size              = var.data_gb
  encrypted         = true
  kms_key_id        = var.key_arn
  tags              = merge(var.tags, { Name = "${var.name}-data" })

  lifecycle {
    # While the machine is replaced its zone is unknown, which would replace the data as well.
    ignore_changes = [availability_zone]
  }
}

resource "aws_volume_attachment" "data" {
  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.data.id
  instance_id                    = aws_instance.this.id
  stop_instance_before_detaching = true
}
