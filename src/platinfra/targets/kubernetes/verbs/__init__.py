"""Stacks in a Kubernetes cluster."""
