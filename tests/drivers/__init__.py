"""Drivers, tested with real processes, files and sockets."""
