"""The figures of a study by name; each has a line in workflow/config.yaml and a caption in workflow/report."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from legsci.ingest.streams import stream
from legsci.present.figures import (
    data_quality,
    energy_flow,
    force_time,
    joint_angles,
    joint_moments,
    jump_height_agreement,
    profile_comparison,
    skeleton,
    style,
)
from legsci.present.figures.model_figures import MODEL_FIGURES
from legsci.present.results import Results

#: Codes of quality flags that explain why joint powers are missing.
WITHOUT_POWERS = ("markers_unknown", "no_moments", "person_unknown", "segment_absent", "segment_missing", "no_standing")


def _force_time(study: Results, participant_id: str, session_id: str) -> Figure:
    """Draw each repetition of a session."""
    key = (participant_id, session_id)
    return force_time.force_time_figure(study.session(*key), study.signals(*key), study.quality_flags(*key))


def _profile_comparison(study: Results) -> Figure:
    """Draw the repetition in which profiles differ most."""
    widest = profile_comparison.widest_repetition(study.metrics_by_profile)
    if widest is None:
        return style.words_only(
            "no repetition of this study has a jump height under two profiles", simulated=study.simulated
        )
    rows = study.metrics_by_profile
    rows = rows[(rows[list(widest.index)] == widest).all(axis=1)]
    reps = study.signals(widest["participant_id"], widest["session_id"])
    assert reps is not None, "a repetition with metrics is in its reps file"
    same = (reps["trial_id"] == widest["trial_id"]) & (reps["number"] == widest["rep"])
    place = int(np.flatnonzero(same.to_numpy())[0])
    return profile_comparison.profile_comparison_figure(reps, rows, rep=place, simulated=study.simulated)


def _jump_height_agreement(study: Results) -> Figure:
    """Draw the heights of each jump side by side."""
    return jump_height_agreement.jump_height_agreement_figure(study.metrics, simulated=study.simulated)


def _data_quality(study: Results) -> Figure:
    """Draw what was rejected, corrected, flagged or noted."""
    return data_quality.data_quality_figure(study.metrics, study.quality, simulated=study.simulated)


def _skeleton(study: Results, participant_id: str, session_id: str) -> Figure:
    """Draw the lowest point of each repetition of a session."""
    key = (participant_id, session_id)
    return skeleton.skeleton_figure(study.session(*key), study.motion(*key), study.signals(*key))


def _energy_flow(study: Results, participant_id: str, session_id: str) -> Figure:
    """Draw the energy flow of each push-off of a session."""
    key = (participant_id, session_id)
    # `simulated` is read from the session file: the figure does not depend on the tables of the study.
    session = study.session(*key)
    return energy_flow.energy_flow_figure(
        study.signals(*key), simulated=bool(session.attrs["simulated"]), reason=_without_powers(study, session, key)
    )


def _without_powers(study: Results, session: xr.DataTree, key: tuple[str, str]) -> str:
    """Say why a session has no joint powers: no markers, or the reasons in its quality flags."""
    if not any(stream(trial, "markers") is not None for trial in session.children.values()):
        return "no trial has markers."
    flags = study.quality_flags(*key)
    sentences = [text for code in WITHOUT_POWERS for text in flags.loc[flags["code"] == code, "sentence"].unique()]
    return textwrap.shorten(" ".join(sentences), 3 * style.LINE_LENGTH, placeholder=" ...; see quality.csv")


def _curves(study: Results) -> xr.Dataset:
    """Curves of a study over normalised time, in memory."""
    with xr.open_dataset(study.folder / "curves.nc", engine="netcdf4") as curves:
        return curves.load()


def _joint_angles(study: Results) -> Figure:
    """Draw the joint angles of a study."""
    return joint_angles.joint_angles_figure(_curves(study), simulated=study.simulated)


def _joint_moments(study: Results) -> Figure:
    """Draw the joint moments and powers of a study."""
    return joint_moments.joint_moments_figure(_curves(study), simulated=study.simulated)


#: Figures with one file per session: name -> (study, participant, session) -> Figure.
SESSION_FIGURES: dict[str, Callable[[Results, str, str], Figure]] = {
    "force_time": _force_time,
    "skeleton": _skeleton,
    "energy_flow": _energy_flow,
}
#: Figures with one file per study: name -> (study) -> Figure.
STUDY_FIGURES: dict[str, Callable[[Results], Figure]] = {
    "profile_comparison": _profile_comparison,
    "jump_height_agreement": _jump_height_agreement,
    "data_quality": _data_quality,
    "joint_angles": _joint_angles,
    "joint_moments": _joint_moments,
}


def draw(study: Results, figure: str, *session: str) -> Figure:
    """Draw a figure of a study.

    Parameters
    ----------
    study : a finished study, opened.
    figure : name in SESSION_FIGURES, STUDY_FIGURES or MODEL_FIGURES.
    session : participant and session, for a figure of SESSION_FIGURES.

    Raises
    ------
    ValueError : no figure has that name.
    """
    if figure in SESSION_FIGURES:
        participant_id, session_id = session
        return SESSION_FIGURES[figure](study, participant_id, session_id)
    of_study = STUDY_FIGURES | MODEL_FIGURES
    if figure in of_study:
        return of_study[figure](study)
    raise ValueError(f"there is no figure {figure}; there are {', '.join([*SESSION_FIGURES, *of_study])}")
