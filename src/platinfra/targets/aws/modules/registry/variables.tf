variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 256
    error_message = "A repository's name has 2 to 256 lower-case letters and digits, with single dashes, dots, underscores or slashes between them."
  }
}

variable "tags" {
  description = "Tags of the repository."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the images; another key makes another repository."
  type        = string
  nullable    = false
}

variable "keep_images" {
  description = "Number of images to keep; older ones are removed."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.keep_images >= 1 && floor(var.keep_images) == var.keep_images
    error_message = "At least one image is kept."
  }
}

variable "untagged_days" {
  description = "Days until an image without a tag is removed."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.untagged_days >= 1 && floor(var.untagged_days) == var.untagged_days
    error_message = "Images without a tag stay for a whole number of days, at least one."
  }
}

variable "on_destroy" {
  description = "What becomes of the images when the repository is destroyed: `delete` deletes them; `protect` and `keep` make destroying fail while there are any."
  type        = string
  default     = "protect"
  nullable    = false

  validation {
    condition     = contains(["protect", "keep", "delete"], var.on_destroy)
    error_message = "Use protect, keep or delete."
  }
}
