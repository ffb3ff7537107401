variable "name" {
  description = "Name of the role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "A role's name has at most 64 letters, digits and characters of _+=,.@-."
  }
}

variable "tags" {
  description = "Tags of the role and of what belongs to it."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "description" {
  description = "Whom the role is for."
  type        = string
  default     = ""
  nullable    = false
}

variable "trust_policy" {
  description = "Who may assume the role: a policy document as an object."
  type        = any
  nullable    = false

  validation {
    condition     = can(var.trust_policy.Statement)
    error_message = "The trust policy is an object with statements."
  }
}

variable "policies" {
  description = "What the role may do: name of an inline policy to its document, an object."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.policies) : can(regex("^[A-Za-z0-9_+=,.@-]{1,128}$", name))])
    error_message = "A policy's name has at most 128 letters, digits and characters of _+=,.@-."
  }

  # AWS's limit for all inline policies of a role together.
  validation {
    condition     = length(join("", [for document in values(var.policies) : jsonencode(document)])) <= 10240
    error_message = "The inline policies of a role have at most 10240 characters in all."
  }
}

variable "managed_policies" {
  description = "ARNs of managed policies that the role gets as well."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.managed_policies : can(regex("^arn:[a-z0-9-]+:iam::(aws|[0-9]{12}):policy/", arn))])
    error_message = "Managed policies are named by their ARNs."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that limits the role, whatever its other policies say."
  type        = string
  default     = null
}

variable "max_session_seconds" {
  description = "How long a session of the role may last."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.max_session_seconds >= 3600 && var.max_session_seconds <= 43200
    error_message = "A session lasts one to twelve hours."
  }
}

variable "pod_identity" {
  description = "Service account of an EKS cluster whose pods get the role."
  type = object({
    cluster_name    = string
    namespace       = string
    service_account = string
  })
  default = null
}

variable "instance_profile" {
  description = "Whether EC2 instances can get the role: makes an instance profile of the same name."
  type        = bool
  default     = false
  nullable    = false
}
