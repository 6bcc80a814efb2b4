"""Numbers become findings."""
