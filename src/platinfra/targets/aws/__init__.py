"""A graph becomes a Terraform folder: modules, and roles that follow from the wires."""
