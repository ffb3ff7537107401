variable "name" {
  type        = string
  description = "Name of the cluster and the task definition, and the beginning of every other name."
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

variable "region" {
  type        = string
  description = "Region of the logs."
  nullable    = false
}

variable "partition" {
  type        = string
  description = "Partition of the ARNs."
  default     = "aws"
  nullable    = false
}

variable "vpc_id" {
  type        = string
  description = "Network of the tasks."
  nullable    = false
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets of the tasks."
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed."
  }
}

variable "image" {
  type        = string
  description = "Container image."
  nullable    = false
}

variable "command" {
  type        = list(string)
  description = "Command; empty for the image's own."
  default     = []
  nullable    = false
}

variable "environment" {
  type        = map(string)
  description = "Environment variables; no secrets."
  default     = {}
  nullable    = false
}

variable "client_environment" {
  type        = map(string)
  description = "Variables of the clients of what the tasks use; those of `environment` count more."
  default     = {}
  nullable    = false
}

variable "cpu" {
  type        = number
  description = "Processor share; 1024 is one virtual CPU."
  default     = 1024
  nullable    = false

  validation {
    condition     = contains(keys(local.memory), tostring(var.cpu))
    error_message = "Fargate offers 256, 512, 1024, 2048, 4096, 8192 and 16384."
  }
}

variable "memory_mb" {
  type        = number
  description = "Megabytes of memory."
  default     = 2048
  nullable    = false

  validation {
    condition     = contains(lookup(local.memory, tostring(var.cpu), [var.memory_mb]), var.memory_mb)
    error_message = "Fargate does not offer this memory with that processor share: for 1024 it is 2048 to 8192 in steps of 1024."
  }
}

variable "task_role_arn" {
  type        = string
  description = "Role of the task's own code."
  nullable    = false
}

variable "execution_role_arn" {
  type        = string
  description = "Role that pulls the image and writes the logs."
  nullable    = false
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts the logs."
  nullable    = false
}

variable "log_days" {
  type        = number
  description = "Days to keep logs."
  default     = 30
  nullable    = false
}
