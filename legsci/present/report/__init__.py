"""Pages for people: a page per athlete, and notebooks as pages."""
