"""The virtual athlete: body, planned motion and the forces that it needs."""
