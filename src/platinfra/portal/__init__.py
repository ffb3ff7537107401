"""A web page that shows a stack which runs on this machine."""
