variable "name" {
  description = "Name of the key; its alias is `alias/NAME`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,49}$", var.name))
    error_message = "The name has at most 50 lower-case letters, digits and dashes."
  }
}

variable "tags" {
  description = "Tags of the key."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "account_id" {
  description = "Account that owns the key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account has 12 digits."
  }
}

variable "partition" {
  description = "Partition of the account, such as aws or aws-cn."
  type        = string
  default     = "aws"
  nullable    = false
}

variable "region" {
  description = "Region whose log groups the key may encrypt."
  type        = string
  nullable    = false
}

variable "on_destroy" {
  description = "What becomes of the key when it is destroyed: `delete` waits 7 days, `protect` and `keep` wait 30 days, in which the deletion can be cancelled."
  type        = string
  default     = "protect"
  nullable    = false

  validation {
    condition     = contains(["protect", "keep", "delete"], var.on_destroy)
    error_message = "Use protect, keep or delete."
  }
}
