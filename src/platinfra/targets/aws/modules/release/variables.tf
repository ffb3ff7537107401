variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of the bucket and its objects."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the objects."
  type        = string
  nullable    = false
}

variable "texts" {
  description = "Name to content of the objects that are written as they stand."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "files" {
  description = "Names of the files in `folder` that become objects of the same name."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "folder" {
  description = "Folder of the files."
  type        = string
  nullable    = false
}
