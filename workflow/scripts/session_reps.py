"""Cut the trials of a session into reps."""

import xarray as xr

from legsci.mechanics.reps import session_reps

from job_log import job_log

with job_log(snakemake.log[0]):
    with xr.open_datatree(snakemake.input.session) as session:
        reps = session_reps(session, profiles=snakemake.params.profiles)
    reps.to_netcdf(snakemake.output.reps)
