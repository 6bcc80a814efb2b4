"""Joint moments and powers: segment inertia, ground contacts, inverse dynamics, consistency of force and motion."""
