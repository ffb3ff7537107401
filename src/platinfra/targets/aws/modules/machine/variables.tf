variable "name" {
  type        = string
  description = "Name of the machine, its disks and its security group."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,49}$", var.name))
    error_message = "The name has at most 50 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of everything."
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  type        = string
  description = "Network of the machine."
  nullable    = false
}

variable "subnet_id" {
  type        = string
  description = "Private subnet of the machine."
  nullable    = false
}

variable "cidr" {
  type        = string
  description = "Addresses of the network, where databases may be reached; null for no databases."
  default     = null

  validation {
    condition     = var.cidr == null || can(cidrnetmask(var.cidr))
    error_message = "The addresses are a CIDR block such as 10.0.0.0/16."
  }
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts the disks."
  nullable    = false
}

variable "instance_type" {
  type        = string
  description = "Size of the machine."
  default     = "m6i.xlarge"
  nullable    = false
}

variable "image_parameter" {
  type        = string
  description = "Public SSM parameter that names the machine image."
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
  nullable    = false

  validation {
    condition     = startswith(var.image_parameter, "/aws/service/")
    error_message = "Only AWS's own public parameters are trusted: /aws/service/…"
  }
}

variable "root_gb" {
  type        = number
  description = "Gigabytes of the system disk."
  default     = 30
  nullable    = false

  validation {
    condition     = var.root_gb >= 8
    error_message = "The system needs at least 8 GB."
  }
}

variable "data_gb" {
  type        = number
  description = "Gigabytes of the data disk."
  default     = 100
  nullable    = false

  validation {
    condition     = var.data_gb >= 1
    error_message = "The data disk has at least 1 GB."
  }
}

variable "instance_profile_name" {
  type        = string
  description = "Instance profile with the machine's role."
  nullable    = false
}

variable "user_data" {
  type        = string
  description = "Script of the first start; no secrets. A change replaces the machine and keeps the data disk."
  default     = ""
  nullable    = false
}

variable "on_destroy" {
  type        = string
  description = "What happens to the machine: protect refuses its termination outside of Terraform. The data disk is nowhere held back."
  default     = "protect"
  nullable    = false

  validation {
    condition     = contains(["protect", "keep", "delete"], var.on_destroy)
    error_message = "On destroy is protect, keep or delete."
  }
}
