"""Compile one YAML file into a working MLOps platform."""

__version__ = "0.1.0"
