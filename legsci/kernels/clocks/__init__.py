"""Loops over lags of two recordings of one movement, and over the orientation of a sensor between them."""
