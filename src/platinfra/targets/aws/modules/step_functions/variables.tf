variable "name" {
  type        = string
  description = "Name of the state machine."
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

variable "definition" {
  type        = string
  description = "State machine in the Amazon States Language, as JSON; empty to run `task` once."
  default     = ""
  nullable    = false

  validation {
    condition     = var.definition == "" || can(jsondecode(var.definition).States)
    error_message = "The definition is JSON with States."
  }
}

variable "task" {
  type        = string
  description = "The state that runs one job, as JSON; for an empty definition."
  default     = ""
  nullable    = false

  validation {
    condition     = var.definition != "" || can(jsondecode(var.task).Type)
    error_message = "Without a definition, the task is JSON with a Type."
  }
}

variable "role_arn" {
  type        = string
  description = "Role of the state machine."
  nullable    = false
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts the logs."
  nullable    = false
}

variable "log_days" {
  type        = number
  description = "Days to keep logs."
  default     = 30
  nullable    = false
}
