"""legsci beside the libraries that a user would otherwise pick: `python -m benchmarks [part ...]`."""
