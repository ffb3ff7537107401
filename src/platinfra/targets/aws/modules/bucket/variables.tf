variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and dashes, and no dash at an end."
  }
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the objects."
  type        = string
  nullable    = false
}

variable "noncurrent_days" {
  description = "Days until a replaced or deleted version of an object is removed for good."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 1 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "Versions are kept for a whole number of days, at least one."
  }
}

variable "expire" {
  description = "Prefix, such as postgres/, to the days after which what lies below it is deleted."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for prefix, days in var.expire : endswith(prefix, "/") && days >= 1 && floor(days) == days])
    error_message = "A prefix ends in a slash, and what lies below it is kept for a whole number of days, at least one."
  }
}

variable "on_destroy" {
  description = "What becomes of the objects when the bucket is destroyed: `delete` deletes them; `protect` and `keep` make destroying fail while there are any."
  type        = string
  default     = "protect"
  nullable    = false

  validation {
    condition     = contains(["protect", "keep", "delete"], var.on_destroy)
    error_message = "Use protect, keep or delete."
  }
}
