"""Follow a registry alias and keep a server of the model version it names running."""
