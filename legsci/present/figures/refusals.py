"""What stands in place of a figure of a model that could not be estimated."""

from __future__ import annotations

from matplotlib.figure import Figure

from legsci.present.figures import style
from legsci.present.results import Results


def refused(study: Results, model: str, words: str, *, table: str = "refusals") -> Figure:
    """Make a figure that states why a model could not be estimated.

    Parameters
    ----------
    study : a finished study, opened.
    model : first letters of the model's names in the table.
    words : what the figure would show.
    table : of the reasons.
    """
    refusals = study.model_table(table)
    reasons = refusals.loc[refusals["model"].str.startswith(model), "sentence"].drop_duplicates().to_list()
    return style.words_only(f"{words}: cannot be estimated here. {'; '.join(reasons[:2])}", simulated=study.simulated)
