"""The skeleton viewer: motion and ground reaction of a trial in a notebook."""
