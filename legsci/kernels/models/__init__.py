"""Loops of the models: likelihoods on sums of products per athlete, and risk sets of recurrent events."""
