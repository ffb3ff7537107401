terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0" # 6.0 gives `compute_environment_name_prefix` another name
    }
  }
}
