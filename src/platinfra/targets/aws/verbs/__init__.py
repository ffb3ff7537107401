"""What the commands do for a stack on AWS: Terraform is the engine there, and its state the truth."""
