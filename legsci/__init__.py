"""legsci: a research workbench for leg strength training, from raw recordings to findings."""
