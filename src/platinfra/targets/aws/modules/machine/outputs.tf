output "name" {
  description = "Name that was given."
  value       = var.name
}

output "instance_id" {
  description = "The machine."
  value       = aws_instance.this.id
}

output "security_group_id" {
  description = "Security group of the machine."
  value       = aws_security_group.this.id
}

output "private_ip" {
  description = "Address in the network."
  value       = aws_instance.this.private_ip
}

output "data_volume_id" {
  description = "The data disk."
  value       = aws_ebs_volume.data.id
}

output "data_device" {
  description = "Where the machine finds the data disk; on Nitro machines a link to an NVMe device."
  value       = aws_volume_attachment.data.device_name
}
