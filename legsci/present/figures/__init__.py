"""One module per figure; registry.py finds them."""
