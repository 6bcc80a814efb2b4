"""Estimate the power of studies of several sizes by simulated cohorts, and draw it."""

from pathlib import Path

import pandas as pd
import yaml

from legsci.models.claims.registry import load_claims
from legsci.models.planning import power_curve
from legsci.models.plans import with_changes
from legsci.present.figures.planning import planning_figure
from legsci.present.figures.style import save
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

from job_log import job_log

with job_log(snakemake.log[0]):
    options = yaml.safe_load(Path(snakemake.input.options).read_text(encoding="utf-8"))["planning"]
    config = with_changes(snakemake.config["virtual"], options["changes"])
    tried = {name: options[name] for name in ("claim", "athletes", "resamples")}
    tried["seeds"] = range(options["seed"], options["seed"] + options["cohorts"])
    registry = load_claims(Path(snakemake.input.claims))
    curves = []
    for effect in options["effects"]:
        changed = with_changes(config, {options["effect"]: effect})
        curves.append(power_curve(simulate_tables_with_parameters, changed, registry, **tried).assign(effect=effect))
    table = pd.concat(curves, ignore_index=True)
    table.to_csv(snakemake.output.table, index=False)
    save(planning_figure(table, effect=options["effect_in_words"]), snakemake.output.figure)
