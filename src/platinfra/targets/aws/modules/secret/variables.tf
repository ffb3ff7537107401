variable "name" {
  description = "Full name of the secret, such as STACK/COMPONENT/REQUIREMENT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]{1,256}$", var.name))
    error_message = "A secret's name has at most 256 letters, digits and characters of /_+=.@-."
  }
}

variable "tags" {
  description = "Tags of the secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the secret."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the secret is for."
  type        = string
  default     = "Made by platinfra"
  nullable    = false
}

variable "fields" {
  description = "Fields with known, harmless values, such as a host; they may be read in plans."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "generated" {
  description = "Fields that get a random password each; nobody sees it, and no state holds it."
  type        = set(string)
  default     = ["password"]
  nullable    = false

  validation {
    condition     = length(setintersection(var.generated, keys(var.fields))) == 0
    error_message = "A field is either given or generated."
  }
}

variable "length" {
  description = "Characters of a generated password: letters and digits, so that it fits into an address."
  type        = number
  default     = 40
  nullable    = false

  validation {
    condition     = var.length >= 16 && var.length <= 128
    error_message = "A password has 16 to 128 characters."
  }
}

variable "rotation_version" {
  description = "Raise it to generate new passwords. Other values of `fields` do the same, as a secret is written as a whole."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.rotation_version >= 1 && floor(var.rotation_version) == var.rotation_version
    error_message = "Versions are counted from 1."
  }
}

variable "on_destroy" {
  description = "What becomes of the secret when it is destroyed: `delete` deletes it at once, `protect` and `keep` leave 30 days to restore it."
  type        = string
  default     = "protect"
  nullable    = false

  validation {
    condition     = contains(["protect", "keep", "delete"], var.on_destroy)
    error_message = "Use protect, keep or delete."
  }
}
