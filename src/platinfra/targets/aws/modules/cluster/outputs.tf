output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "endpoint" {
  description = "Address of the Kubernetes API."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  description = "Certificate that the API is recognised by, in base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "security_group_id" {
  description = "Security group of the nodes and their pods."
  value       = local.security_group_id
}

output "karpenter_queue_name" {
  description = "Name of Karpenter's queue, null without Karpenter."
  value       = one(aws_sqs_queue.karpenter[*].name)
}

output "vpc_id" {
  description = "VPC of the cluster."
  value       = var.vpc_id
}
