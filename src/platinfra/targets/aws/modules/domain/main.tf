resource "aws_route53_zone" "this" {
  count = var.zone_id == null ? 1 : 0

  name    = var.domain
  comment = "Domain of ${var.name}"
  # Controllers of the cluster add records that would keep the zone from being removed.
  force_destroy = true
  tags          = merge(var.tags, { Name = var.name })
}
