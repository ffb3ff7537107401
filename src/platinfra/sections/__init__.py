"""What the sections `provider` and `deployment` of a stack file are made of; each target brings its own."""
