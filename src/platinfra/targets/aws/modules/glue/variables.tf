variable "name" {
  type        = string
  description = "Name of the job, the database and the security configuration."
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

variable "partition" {
  type        = string
  description = "Partition of the ARNs."
  default     = "aws"
  nullable    = false
}

variable "role_arn" {
  type        = string
  description = "Role of the job."
  nullable    = false
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts results, logs and bookmarks."
  nullable    = false
}

variable "script_location" {
  type        = string
  description = "Where the job's script lies."
  nullable    = false

  validation {
    condition     = can(regex("^s3://", var.script_location))
    error_message = "The script lies in an object store: s3://…"
  }
}

variable "data_location" {
  type        = string
  description = "Where tables and temporary files lie, without a slash at the end."
  nullable    = false

  validation {
    condition     = can(regex("^s3://.*[^/]$", var.data_location))
    error_message = "Data lies in an object store: s3://…, without a slash at the end."
  }
}

variable "glue_version" {
  type        = string
  description = "Version of Glue, which decides those of Spark and Python."
  default     = "5.0"
  nullable    = false

  validation {
    condition     = contains(["4.0", "5.0"], var.glue_version)
    error_message = "The version is 4.0 or 5.0."
  }
}

variable "worker_type" {
  type        = string
  description = "Size of a worker."
  default     = "G.1X"
  nullable    = false

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.worker_type)
    error_message = "A worker is G.1X, G.2X, G.4X or G.8X."
  }
}

variable "workers" {
  type        = number
  description = "Workers per run."
  default     = 2
  nullable    = false

  validation {
    condition     = var.workers >= 2
    error_message = "A run has at least two workers."
  }
}

variable "timeout_minutes" {
  type        = number
  description = "Minutes until a run is stopped."
  default     = 480
  nullable    = false

  validation {
    condition     = var.timeout_minutes >= 1 && var.timeout_minutes <= 10080
    error_message = "A run ends after 1 to 10080 minutes."
  }
}
