"""A classifier of wines, from versioned data to a monitored model server."""
