variable "name" {
  type        = string
  description = "Name of the model package group and the endpoint, and the beginning of every other name."
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

variable "role_arn" {
  type        = string
  description = "Role of the model: reads its data and its image."
  nullable    = false
}

variable "vpc_id" {
  type        = string
  description = "Network of the model."
  nullable    = false
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets of the model."
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed."
  }
}

variable "key_arn" {
  type        = string
  description = "Key that encrypts the disks of the endpoint."
  nullable    = false
}

variable "endpoint" {
  type = object({
    image          = string
    model_data_url = string
    instance_type  = optional(string, "ml.m5.large")
    instances      = optional(number, 1)
  })
  description = "Container and packed model to serve; null, or an empty image, for no endpoint."
  default     = null

  validation {
    condition     = var.endpoint == null || try(var.endpoint.instances >= 1, false)
    error_message = "An endpoint has at least one instance."
  }

  validation {
    condition     = var.endpoint == null || can(regex("^ml\\.", var.endpoint.instance_type))
    error_message = "Instance types of an endpoint begin with ml., such as ml.m5.large."
  }

  validation {
    condition     = var.endpoint == null || can(regex("^s3://", var.endpoint.model_data_url))
    error_message = "The model lies in an object store: s3://…"
  }
}
