"""A cohort of virtual athletes over weeks of training."""
