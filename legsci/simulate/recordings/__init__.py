"""Sessions of virtual athletes as raw files, and what is true of them."""
