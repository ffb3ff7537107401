locals {
  zone_id = var.zone_id != null ? var.zone_id : aws_route53_zone.this[0].zone_id

  # The domain and the level below it prove themselves with one and the same record.
  proof = tolist(aws_acm_certificate.this.domain_validation_options)[0]
}

resource "aws_route53_zone" "this" {
  count = var.zone_id == null ? 1 : 0

  name    = var.domain
  comment = "Domain of ${var.name}"
  # Controllers of the cluster add records that would keep the zone from being removed.
  force_destroy = true
  tags          = merge(var.tags, { Name = var.name })
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"
  tags                      = merge(var.tags, { Name = var.name })

  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "proof" {
  zone_id         = local.zone_id
  name            = local.proof.resource_record_name
  type            = local.proof.resource_record_type
  records         = [local.proof.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count = var.wait_for_validation ? 1 : 0

  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}
