"""Shows operators what goes on: metrics and logs."""
