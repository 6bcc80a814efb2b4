"""The virtual athlete: motion and recordings of which the truth is known."""
