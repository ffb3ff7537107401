variable "name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,49}$", var.name))
    error_message = "The name has at most 50 lower-case letters, digits and dashes."
  }
}

variable "tags" {
  description = "Tags of everything the cluster consists of, its instances and disks included."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "kubernetes_version" {
  description = "Version of Kubernetes; raise it by one minor version at a time."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^1[.][0-9]{2}$", var.kubernetes_version))
    error_message = "A version is written like 1.34."
  }
}

variable "vpc_id" {
  description = "VPC of the cluster; controllers of load balancers are told it, as they cannot ask the node."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets of the nodes and of the control plane's interfaces, in two zones or more."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "EKS wants subnets in at least two zones."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts Kubernetes secrets, the nodes' disks and logs."
  type        = string
  nullable    = false
}

variable "cluster_role_arn" {
  description = "ARN of the control plane's role."
  type        = string
  nullable    = false
}

variable "node_role_arn" {
  description = "ARN of the nodes' role."
  type        = string
  nullable    = false
}

variable "public_access_cidrs" {
  description = "Address ranges that may reach the API from outside; none by default, so it is private."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Name address ranges, and not the whole internet."
  }
}

variable "private_access" {
  description = "Address ranges and security groups that may reach the private API, beside the cluster's own nodes."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for each in var.private_access : startswith(each, "sg-") || can(cidrhost(each, 0))])
    error_message = "Name address ranges or ids of security groups."
  }
}

variable "access_entries" {
  description = "Who may use the Kubernetes API: a label to the role, one of EKS's access policies such as AmazonEKSViewPolicy, and the namespaces it is for; none is all."
  type = map(object({
    principal_arn    = string
    policy           = string
    scope_namespaces = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for entry in var.access_entries : can(regex("^AmazonEKS[A-Za-z]+Policy$", entry.policy))])
    error_message = "Policies are called like AmazonEKSViewPolicy."
  }
}

variable "architecture" {
  description = "Processors of the core nodes: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Use x86_64 or arm64."
  }
}

variable "instance_types" {
  description = "Types of the core nodes, the preferred one first."
  type        = list(string)
  default     = ["m7i.large"]
  nullable    = false

  validation {
    condition     = length(var.instance_types) >= 1
    error_message = "Name at least one type."
  }
}

variable "capacity_type" {
  description = "ON_DEMAND, or SPOT for core nodes that AWS may take back."
  type        = string
  default     = "ON_DEMAND"
  nullable    = false

  validation {
    condition     = contains(["ON_DEMAND", "SPOT"], var.capacity_type)
    error_message = "Use ON_DEMAND or SPOT."
  }
}

variable "node_min" {
  description = "The fewest core nodes."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.node_min >= 1
    error_message = "The cluster's own pods need a node."
  }
}

variable "node_desired" {
  description = "Core nodes at the start; later, whoever scales the cluster decides."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.node_desired >= var.node_min && var.node_desired <= var.node_max
    error_message = "The cluster starts with as many nodes as node_min and node_max allow."
  }
}

variable "node_max" {
  description = "The most core nodes."
  type        = number
  default     = 4
  nullable    = false
}

variable "node_disk_gb" {
  description = "Gigabytes of each node's disk."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.node_disk_gb >= 20 && var.node_disk_gb <= 16384
    error_message = "A node's disk has 20 to 16384 GB."
  }
}

variable "addons" {
  description = "EKS addons: name to version (the cluster's default one), configuration as JSON, and the role of its service account in kube-system."
  type = map(object({
    version         = optional(string)
    configuration   = optional(string)
    role_arn        = optional(string)
    service_account = optional(string)
  }))
  default = {
    coredns                = {}
    kube-proxy             = {}
    eks-pod-identity-agent = {}
    vpc-cni                = { configuration = "{\"enableNetworkPolicy\":\"true\"}" }
  }
  nullable = false

  validation {
    condition     = alltrue([for name in ["coredns", "kube-proxy", "vpc-cni", "eks-pod-identity-agent"] : contains(keys(var.addons), name) != var.auto_mode])
    error_message = "No cluster works without coredns, kube-proxy, vpc-cni and eks-pod-identity-agent; EKS Auto Mode has them already."
  }

  validation {
    condition     = alltrue([for addon in var.addons : (addon.role_arn == null) == (addon.service_account == null)])
    error_message = "A role goes to a service account, and a service account without a role needs no mention."
  }
}

variable "auto_mode" {
  description = "Let EKS Auto Mode bring the nodes, their network and disks, and load balancers; there are no groups of nodes then."
  type        = bool
  default     = false
  nullable    = false
}

variable "gpu" {
  description = "A group of GPU nodes that starts empty, for whoever scales the groups: type, its processors (x86_64 or arm64), and the most nodes."
  type = object({
    instance_type = string
    architecture  = string
    max           = number
  })
  default = null

  validation {
    condition     = var.gpu == null ? true : contains(["x86_64", "arm64"], var.gpu.architecture) && var.gpu.max >= 1
    error_message = "Use x86_64 or arm64, and at least one node."
  }

  validation {
    condition     = !(var.auto_mode && var.gpu != null)
    error_message = "EKS Auto Mode has no groups of nodes."
  }
}

variable "karpenter" {
  description = "Prepare for Karpenter: a queue of this name tells it about nodes that AWS takes back."
  type        = object({ queue_name = string })
  default     = null

  validation {
    condition     = var.karpenter == null ? true : can(regex("^[A-Za-z0-9_-]{1,80}$", var.karpenter.queue_name))
    error_message = "A queue's name has at most 80 letters, digits, dashes and underscores."
  }

  validation {
    condition     = !(var.auto_mode && var.karpenter != null)
    error_message = "EKS Auto Mode adds nodes itself."
  }
}

variable "log_types" {
  description = "Logs of the control plane that are kept."
  type        = set(string)
  default     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.log_types, ["api", "audit", "authenticator", "controllerManager", "scheduler"])) == 0
    error_message = "The logs are api, audit, authenticator, controllerManager and scheduler."
  }
}

variable "log_days" {
  description = "Days that the control plane's logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}
