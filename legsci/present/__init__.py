"""Results become figures, notebooks and reports."""
