"""A first draft of a study folder from its raw files: what the readers find in them, and what only a person knows."""
