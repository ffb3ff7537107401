output "zone_id" {
  description = "The zone."
  value       = var.zone_id != null ? var.zone_id : aws_route53_zone.this[0].zone_id
}

output "name_servers" {
  description = "Where the parent domain has to delegate a new zone to; empty for one that existed."
  value       = var.zone_id == null ? aws_route53_zone.this[0].name_servers : []
}
