variable "name" {
  type        = string
  description = "Name of the queue and the job definition, and the beginning of every other name."
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
  description = "Network of the jobs."
  nullable    = false
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets of the jobs."
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "Jobs need at least one subnet."
  }
}

variable "compute" {
  type        = string
  description = "What jobs run on: fargate, fargate_spot, ec2 or spot."
  default     = "fargate"
  nullable    = false

  validation {
    condition     = contains(["fargate", "fargate_spot", "ec2", "spot"], var.compute)
    error_message = "Compute is fargate, fargate_spot, ec2 or spot."
  }
}

variable "instance_types" {
  type        = list(string)
  description = "Machines that jobs run on; for ec2 and spot."
  default     = []
  nullable    = false

  validation {
    condition     = startswith(var.compute, "fargate") || length(var.instance_types) > 0
    error_message = "With ec2 and spot, name at least one instance type."
  }
}

variable "max_vcpus" {
  type        = number
  description = "Maximum of virtual CPUs for all running jobs together."
  default     = 16
  nullable    = false

  validation {
    condition     = var.max_vcpus >= 1
    error_message = "Jobs need at least one virtual CPU."
  }
}

variable "image" {
  type        = string
  description = "Container image of the job definition."
  nullable    = false
}

variable "command" {
  type        = list(string)
  description = "Command of the job definition; empty for the image's own."
  default     = []
  nullable    = false
}

variable "environment" {
  type        = map(string)
  description = "Environment variables of the jobs; no secrets."
  default     = {}
  nullable    = false
}

variable "client_environment" {
  type        = map(string)
  description = "Variables of the clients of what the jobs use; those of `environment` count more."
  default     = {}
  nullable    = false
}

variable "vcpus" {
  type        = number
  description = "Virtual CPUs of one job."
  default     = 1
  nullable    = false

  validation {
    condition = (
      startswith(var.compute, "fargate")
      ? contains(keys(local.fargate_memory), tostring(var.vcpus))
      : var.vcpus >= 1 && floor(var.vcpus) == var.vcpus
    )
    error_message = "Fargate jobs have 0.25, 0.5, 1, 2, 4, 8 or 16 virtual CPUs; others a whole number."
  }
}

variable "memory_mb" {
  type        = number
  description = "Megabytes of memory of one job."
  default     = 2048
  nullable    = false

  validation {
    condition = (
      startswith(var.compute, "fargate")
      ? contains(lookup(local.fargate_memory, tostring(var.vcpus), [var.memory_mb]), var.memory_mb)
      : var.memory_mb >= 4
    )
    error_message = "Fargate does not offer this memory with that many virtual CPUs: for 1 it is 2048 to 8192 in steps of 1024."
  }
}

variable "gpus" {
  type        = number
  description = "GPUs of one job; for ec2 and spot."
  default     = 0
  nullable    = false

  validation {
    condition     = var.gpus == 0 || (var.gpus > 0 && !startswith(var.compute, "fargate"))
    error_message = "Fargate has no GPUs: choose ec2 or spot."
  }
}

variable "job_role_arn" {
  type        = string
  description = "Role of the jobs' own code."
  nullable    = false
}

variable "execution_role_arn" {
  type        = string
  description = "Role that pulls the image and writes the logs."
  nullable    = false
}

variable "instance_profile_arn" {
  type        = string
  description = "Instance profile of the machines; for ec2 and spot."
  default     = null

  validation {
    condition     = startswith(var.compute, "fargate") || var.instance_profile_arn != null
    error_message = "With ec2 and spot, the machines need an instance profile."
  }
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts the logs and the machines' disks."
  nullable    = false
}

variable "log_days" {
  type        = number
  description = "Days to keep logs."
  default     = 30
  nullable    = false
}

variable "attempts" {
  type        = number
  description = "How often a failing job is tried."
  default     = 1
  nullable    = false

  validation {
    condition     = var.attempts >= 1 && var.attempts <= 10
    error_message = "A job is started 1 to 10 times."
  }
}

variable "timeout_seconds" {
  type        = number
  description = "Seconds until a job is stopped."
  default     = 86400
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 60
    error_message = "AWS Batch ends no job before 60 seconds."
  }
}
