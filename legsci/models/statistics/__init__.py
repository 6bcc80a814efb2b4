"""Mixed models, reliability, agreement, learning and curves."""
