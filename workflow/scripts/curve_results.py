"""Compare joint angles over the movement between first and last session, and between the legs."""

import pandas as pd
import xarray as xr

from legsci.models.curve_results import curve_results
from legsci.models.tables.longitudinal import NAMES
from legsci.storage import harmless

from job_log import job_log

with job_log(snakemake.log[0]):
    tables = (pd.read_csv(path, dtype=NAMES) for path in (snakemake.input.metrics, snakemake.input.longitudinal))
    with xr.open_dataset(snakemake.input.curves, engine="netcdf4") as curves:
        results = curve_results(curves.load(), *tables)
    for name, table in results.items():
        harmless(table).to_csv(snakemake.output[name], index=False)
