output "zone_id" {
  description = "The zone."
  value       = local.zone_id
}

output "certificate_arn" {
  description = "ARN of the certificate; when waited for, of the issued one."
  value       = var.wait_for_validation ? aws_acm_certificate_validation.this[0].certificate_arn : aws_acm_certificate.this.arn
}

output "name_servers" {
  description = "Where the parent domain has to delegate a new zone to; empty for one that existed."
  value       = var.zone_id == null ? aws_route53_zone.this[0].name_servers : []
}
