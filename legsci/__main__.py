"""`python -m legsci` where the command legsci is not installed."""

from legsci.cli import main

main(prog_name="legsci")
