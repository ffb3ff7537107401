variable "name" {
  type        = string
  description = "Name of the topic and the dashboard, and the beginning of the alarms' names."
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

variable "region" {
  type        = string
  description = "Region of the dashboard."
  nullable    = false
}

variable "account_id" {
  type        = string
  description = "Account of the alarms."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account has 12 digits."
  }
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts messages; its policy has to let CloudWatch and EventBridge use it."
  nullable    = false
}

variable "email" {
  type        = string
  description = "Address that hears of alarms; empty for nobody."
  default     = ""
  nullable    = false

  validation {
    condition     = var.email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.email))
    error_message = "That is no e-mail address."
  }
}

variable "alarms" {
  type = map(object({
    namespace          = string
    metric             = string
    dimensions         = optional(map(string), {})
    statistic          = optional(string, "Average")
    comparison         = optional(string, "GreaterThanThreshold")
    threshold          = number
    period             = optional(number, 300)
    evaluation_periods = optional(number, 3)
    description        = string
  }))
  description = "What to watch, by the end of the alarm's name."
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([for each in var.alarms : contains([
      "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
    ], each.comparison)])
    error_message = "A comparison is GreaterThanThreshold, GreaterThanOrEqualToThreshold, LessThanThreshold or LessThanOrEqualToThreshold."
  }

  validation {
    condition     = alltrue([for each in var.alarms : each.period >= 60 && each.period % 60 == 0])
    error_message = "A period is a multiple of 60 seconds."
  }
}

variable "failure_events" {
  type        = map(string)
  description = "EventBridge patterns, as JSON, whose events are told like alarms; by the end of the rule's name."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for each in var.failure_events : can(jsondecode(each))])
    error_message = "A pattern is JSON."
  }
}

variable "dashboard" {
  type        = string
  description = "Dashboard as JSON; null for one that is made from the alarms."
  default     = null

  validation {
    condition     = var.dashboard == null || can(jsondecode(var.dashboard).widgets)
    error_message = "A dashboard is JSON with widgets."
  }
}
