variable "name" {
  description = "Name of the network."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,49}$", var.name))
    error_message = "The name has at most 50 lower-case letters, digits and dashes."
  }
}

variable "tags" {
  description = "Tags of everything in the network."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "region" {
  description = "Region of the network."
  type        = string
  nullable    = false
}

variable "cidr" {
  description = "Address range of the network, /16 to /22."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(cidrsubnet(var.cidr, 0, 0), "") == var.cidr
    error_message = "Write the range by its first address, such as 10.0.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "AWS takes no range above /16, and below /22 there are too few addresses for a cluster."
  }
}

variable "zones" {
  description = "Availability zones; those that the account has, without any. Each keeps its addresses as long as its place in the list stays the same: append, do not reorder."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.zones) == 0 || length(var.zones) >= 2 && length(var.zones) <= 4
    error_message = "A network spreads over 2 to 4 zones."
  }

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones)
    error_message = "Each zone is named once."
  }

  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "The zones have to lie in the region."
  }
}

variable "zone_count" {
  description = "Over how many zones the network spreads where none are named."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.zone_count >= 2 && var.zone_count <= 4
    error_message = "A network spreads over 2 to 4 zones."
  }
}

variable "unsupported_zone_ids" {
  description = "Zones that are not chosen, by their ids such as use1-az3: EKS has none there."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "nat" {
  description = "How private subnets reach the internet: `one` NAT gateway, one `per_zone`, or `none`, which leaves them what the endpoints offer."
  type        = string
  default     = "one"
  nullable    = false

  validation {
    condition     = contains(["one", "per_zone", "none"], var.nat)
    error_message = "Use one, per_zone or none."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached without leaving the network, by short name such as ecr.api. S3 always is."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9-]+([.][a-z0-9-]+)*$", service)) && service != "s3"])
    error_message = "Services have short names such as ecr.api or secretsmanager; S3 has its endpoint already."
  }
}

variable "flow_logs" {
  description = "Where flow logs are kept: in `s3`, in `cloudwatch`, or `none`."
  type        = string
  default     = "s3"
  nullable    = false

  validation {
    condition     = contains(["s3", "cloudwatch", "none"], var.flow_logs)
    error_message = "Use s3, cloudwatch or none."
  }
}

variable "flow_log_bucket" {
  description = "Name of the bucket of flow logs in S3."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_bucket != null || var.flow_logs != "s3"
    error_message = "Flow logs in S3 need a bucket."
  }
}

variable "flow_log_role_arn" {
  description = "ARN of the role that writes flow logs to CloudWatch."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_role_arn != null || var.flow_logs != "cloudwatch"
    error_message = "Flow logs in CloudWatch need a role that writes them."
  }
}

variable "log_days" {
  description = "Days that flow logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the flow logs; CloudWatch's own without one."
  type        = string
  default     = null
}

variable "cluster_name" {
  description = "EKS cluster that finds its subnets by their tags: for load balancers and for Karpenter."
  type        = string
  default     = null
}
