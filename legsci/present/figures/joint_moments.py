"""Joint moments and powers over the movement: mean and standard deviation of all repetitions, by task and side."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from legsci.present.figures.joint_angles import PanelRow, bands, open_curves
from legsci.present.results import Results

CONFIG_LIST = "study"


def _legs(joint: str, plane: str) -> dict[str, dict[str, str]]:
    return {side: {"joint": f"{side}_{joint}", "plane": plane} for side in ("left", "right")}


#: Moments that extend are drawn upward, as they carry the body.
MOMENT_ROWS = (
    PanelRow("hip extension\nmoment [N m/kg]", "moment", _legs("hip", "sagittal"), -1.0),
    PanelRow("knee extension\nmoment [N m/kg]", "moment", _legs("knee", "sagittal"), -1.0),
    PanelRow("plantarflexion\nmoment [N m/kg]", "moment", _legs("ankle", "sagittal"), -1.0),
    PanelRow("knee abduction\nmoment [N m/kg]", "moment", _legs("knee", "frontal")),
    PanelRow("hip power\n[W/kg]", "power", _legs("hip", "sagittal")),
    PanelRow("knee power\n[W/kg]", "power", _legs("knee", "sagittal")),
    PanelRow("ankle power\n[W/kg]", "power", _legs("ankle", "sagittal")),
)


def draw(study: Results) -> Figure:
    """Draw the joint moments and powers of a study."""
    return joint_moments_figure(open_curves(study), simulated=study.simulated)


def joint_moments_figure(curves: xr.Dataset, *, simulated: bool) -> Figure:
    """Draw joint moments and sagittal powers of a study.

    Parameters
    ----------
    curves : curves.nc of the study, opened.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure with a column per task and a row per moment [N m/kg], extension and valgus upward, or power [W/kg],
    generation upward: mean and one standard deviation over the repetitions of each side.
    """
    return bands(curves, MOMENT_ROWS, "Joint moments and powers", simulated=simulated)
