variable "name" {
  type        = string
  description = "Name that appears in tags."
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

variable "domain" {
  type        = string
  description = "Domain, such as ml.example.org."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "That is no domain: write it like ml.example.org."
  }
}

variable "zone_id" {
  type        = string
  description = "Route 53 zone that exists already; null to make one."
  default     = null

  validation {
    condition     = var.zone_id == null || can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "A zone looks like Z0123456789ABCDEFGHIJ."
  }
}
