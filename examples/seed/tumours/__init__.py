"""A classifier of tumours, from its data to an alert about drift."""
