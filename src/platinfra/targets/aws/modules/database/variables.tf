variable "name" {
  description = "Identifier of the database instance."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 50
    error_message = "The name has at most 50 lower-case letters, digits and single dashes, and begins with a letter."
  }
}

variable "tags" {
  description = "Tags of everything the database consists of."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets of the database, in two zones or more."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS wants subnets in at least two zones, even for a database in one."
  }
}

variable "allowed_security_groups" {
  description = "Who may connect: a label to the id of a security group."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts storage, backups, passwords and logs."
  type        = string
  nullable    = false
}

variable "engine_version" {
  description = "PostgreSQL's major version; minor versions follow by themselves."
  type        = string
  default     = "16"
  nullable    = false

  validation {
    condition     = can(regex("^1[4-9]$", var.engine_version))
    error_message = "Name a major version from 14 on."
  }
}

variable "allow_major_upgrade" {
  description = "Whether another `engine_version` upgrades the database in place; read PostgreSQL's release notes first."
  type        = bool
  default     = false
  nullable    = false
}

variable "instance_class" {
  description = "Size of the database machine."
  type        = string
  default     = "db.t4g.medium"
  nullable    = false

  validation {
    condition     = can(regex("^db[.][a-z0-9-]+[.][a-z0-9]+$", var.instance_class))
    error_message = "An instance class is written like db.t4g.medium."
  }
}

variable "storage_gb" {
  description = "Initial storage in gigabytes."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.storage_gb >= 20 && var.storage_gb <= 65536
    error_message = "RDS offers 20 to 65536 GB."
  }
}

variable "max_storage_gb" {
  description = "Gigabytes up to which the storage grows by itself; the same as `storage_gb`: it does not."
  type        = number
  default     = 500
  nullable    = false

  validation {
    condition     = var.max_storage_gb == var.storage_gb || (var.max_storage_gb >= var.storage_gb * 1.1 && var.max_storage_gb <= 65536)
    error_message = "Storage grows by at least a tenth, up to 65536 GB, or not at all."
  }
}

variable "multi_az" {
  description = "Whether a standby in another zone takes over when the first one fails."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup_days" {
  description = "Days that automatic backups are kept, and in which the database can be restored to any second."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "Backups are kept for 1 to 35 days."
  }
}

variable "backup_window" {
  description = "When the daily backup is taken, in UTC."
  type        = string
  default     = "02:00-03:00"
  nullable    = false
}

variable "maintenance_window" {
  description = "When AWS may install updates, and when changes that interrupt the database are made, in UTC."
  type        = string
  default     = "sun:03:30-sun:04:30"
  nullable    = false
}

variable "apply_immediately" {
  description = "Whether changes that interrupt the database are made at once instead of in the maintenance window."
  type        = bool
  default     = false
  nullable    = false
}

variable "parameters" {
  description = "Further parameters of PostgreSQL; those that need a restart take effect at the next one."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains(keys(var.parameters), "rds.force_ssl")
    error_message = "Connections are always encrypted."
  }
}

variable "performance_insights" {
  description = "Whether AWS records which queries load the database; kept for 7 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "monitoring_role_arn" {
  description = "ARN of the role that reports the operating system's figures every minute; none are reported without it."
  type        = string
  default     = null
}

variable "log_days" {
  description = "Days that PostgreSQL's logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "secret_prefix" {
  description = "What the names of the logins' secrets begin with, before a slash; roles are allowed to read below it."
  type        = string
  nullable    = false
}

variable "logins" {
  description = "Logins to prepare: a label to user, database, and the full name of the secret. The secrets are made here, users and databases by whoever initialises the database."
  type = map(object({
    username    = string
    database    = string
    secret_name = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue(flatten([for login in var.logins : [for name in [login.username, login.database] : can(regex("^[a-z_][a-z0-9_]{0,62}$", name)) && !startswith(name, "pg_")]]))
    error_message = "Users and databases have at most 63 lower-case letters, digits and underscores, and do not begin with pg_."
  }

  validation {
    condition     = alltrue([for login in var.logins : !contains([var.master_username, "postgres", "rdsadmin"], login.username)])
    error_message = "A login must not be an administrator."
  }

  validation {
    condition     = alltrue([for login in var.logins : startswith(login.secret_name, "${var.secret_prefix}/")])
    error_message = "The names of secrets begin with the prefix and a slash."
  }
}

variable "master_username" {
  description = "Name of the administrator, who has a password managed by RDS."
  type        = string
  default     = "platinfra"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.master_username)) && !contains(["postgres", "rdsadmin"], var.master_username)
    error_message = "The administrator's name has at most 63 lower-case letters, digits and underscores; postgres and rdsadmin are taken."
  }
}

variable "on_destroy" {
  description = "What becomes of the data when the database is destroyed: `protect` refuses, `keep` leaves a last snapshot, `delete` leaves nothing. It has to be applied before the database is destroyed."
  type        = string
  default     = "protect"
  nullable    = false

  validation {
    condition     = contains(["protect", "keep", "delete"], var.on_destroy)
    error_message = "Use protect, keep or delete."
  }
}
