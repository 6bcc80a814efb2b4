"""A study of tables from its folder to the ledger in one call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from legsci.ingest.exports.measurements import TABLE
from legsci.ingest.faults import Fault, StudyError
from legsci.ingest.paths import is_file, link_faults
from legsci.ingest.study import CLAIMS, Study, collect_study
from legsci.ingest.tables import read_table, typed_table
from legsci.metrics.measurements import declared_metrics, measured_rows, measurement_faults
from legsci.metrics.reference import TABLE as REFERENCE
from legsci.metrics.reference import reference_faults, reference_norms
from legsci.models.claims.ledger import claims_tables
from legsci.models.claims.names import Declared
from legsci.models.claims.registry import ClaimsError, Registry, load_claims
from legsci.models.study_results import study_results
from legsci.models.tables.longitudinal import longitudinal_table, study_flow, tables_of
from legsci.models.tables.reference_scores import reference_scores


def declared_names(study: Study) -> Declared:
    """Return the tasks and metrics that a study declares for its measurements."""
    return Declared(list(study.layout(TABLE).get("tasks", {})), list(declared_metrics(study)))


def study_claims(study: Study, otherwise: Path) -> Registry:
    """Read the claims of a study: claims.yaml in its folder, or `otherwise` where it has none.

    Raises
    ------
    ClaimsError : see `load_claims`; a claims.yaml that is a link out of the folder.
    """
    linked = link_faults(study.folder / CLAIMS)
    if linked:
        raise ClaimsError(f"{CLAIMS} cannot be used", linked)
    return load_claims(study.claims or otherwise, declared_names(study))


def analyse_measurements(
    folder: str | Path, *, claims: str | Path = "workflow/claims.yaml", reference: str | Path | None = None
) -> dict[str, pd.DataFrame]:
    """Test the claims on a study of tables, without the workflow.

    Parameters
    ----------
    folder : study folder with measurements.tsv, or with measurements that study.yaml describes.
    claims : registry of claims, unless the folder holds a claims.yaml of its own.
    reference : table of norms in the form of reference.tsv, instead of that of the folder.

    Returns
    -------
    metrics, quality, longitudinal, study_flow, the tables of `legsci.models.study_results.study_results`, claims, the
    ledger, sensitivity and reference_scores: what the workflow writes under these names. Recordings of the study are
    not read.

    Raises
    ------
    StudyError : everything wrong with the folder.
    ClaimsError : everything wrong with the claims.
    """
    study, faults = collect_study(Path(folder), require_recordings=False)
    faults += measurement_faults(study)
    if reference is not None and not is_file(Path(reference)):
        faults.append(Fault(str(reference), "", "a table of norms", "no such file"))
    elif reference is not None:
        norms, found = read_table(Path(reference))
        norms, wrong = typed_table(REFERENCE, norms, file=Path(reference).name)
        study = replace(study, reference=norms)
        # The folder's own norms are not used: nor are their faults told.
        faults = [fault for fault in faults if fault.file != study.file(REFERENCE)] + (found or wrong)
    faults += reference_faults(study, file=Path(reference).name if reference is not None else "")
    if study.measurements.empty and not any(fault.file == study.file(TABLE) for fault in faults):
        faults.append(Fault(f"{TABLE}.tsv", "", "measurements", "none"))
    if faults:
        raise StudyError(f"study {folder}", faults)
    registry = study_claims(study, Path(claims))
    metrics, quality = measured_rows(study)
    tables = tables_of(study, metrics)
    longitudinal = longitudinal_table(tables)
    answer = {"metrics": metrics, "quality": quality, "longitudinal": longitudinal, "study_flow": study_flow(tables)}
    answer |= study_results(tables, longitudinal, registry)
    scores = reference_scores(metrics, longitudinal, reference_norms(study), answer["reliability"])
    ledger, sensitivity = claims_tables(tables, registry, simulated=study.simulated, longitudinal=longitudinal)
    return answer | {"claims": ledger, "sensitivity": sensitivity, "reference_scores": scores}
