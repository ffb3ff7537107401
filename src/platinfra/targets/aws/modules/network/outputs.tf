output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Address range of the network."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "Subnets of pods and jobs, in the order of the zones; with their way out, if there is one."
  value       = [for zone in local.all_zones : aws_subnet.private[zone].id]
  depends_on  = [aws_route.private, aws_route_table_association.private]
}

output "public_subnet_ids" {
  description = "Subnets of load balancers, in the order of the zones."
  value       = [for zone in local.all_zones : aws_subnet.public[zone].id]
  depends_on  = [aws_route.public, aws_route_table_association.public]
}

output "database_subnet_ids" {
  description = "Subnets of databases, in the order of the zones; they have no way out."
  value       = [for zone in local.all_zones : aws_subnet.database[zone].id]
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints, null without any."
  value       = one(aws_security_group.endpoints[*].id)
}
