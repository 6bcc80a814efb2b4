"""Findings -> figures and notebooks for people."""

FIGURES = expand("results/{study}/figures/{figure}.svg", study=STUDIES, figure=config["figures"])
