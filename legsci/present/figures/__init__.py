"""One module per figure; registry.py names them."""
