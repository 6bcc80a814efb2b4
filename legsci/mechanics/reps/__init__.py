"""A session's trials are cut into repetitions, and curated."""
