variable "name" {
  description = "Name of the file system."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "VPC of the nodes."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets of the nodes, one in each zone."
  type        = list(string)
  nullable    = false
}

variable "subnet_count" {
  description = "How many there are, which is known before they are made."
  type        = number
  nullable    = false

  validation {
    condition     = var.subnet_count >= 1
    error_message = "Nodes reach the files in at least one subnet."
  }
}

variable "security_group_id" {
  description = "Security group of the nodes."
  type        = string
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the files."
  type        = string
  nullable    = false
}
