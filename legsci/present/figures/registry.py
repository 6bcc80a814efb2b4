"""The figures of a study by name: each is the module of this package that bears its name.

CONFIG_LIST in the module is the list of workflow/config.yaml to which the figure belongs: `session` (a file per
session, `draw(study, participant_id, session_id)`), `study` or `models` (a file per study, of its measurements or of
the results of its models, `draw(study)`). A module without CONFIG_LIST serves other figures or has a rule of its own.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from legsci.present.results import Results

#: Lists under `figures` in workflow/config.yaml.
CONFIG_LISTS = ("session", "study", "models")


def figure_lists() -> dict[str, str]:
    """Return the list of the config to which each figure belongs, by the name of the figure.

    The sources are read, not imported: importing all figures would delay each start of the workflow by seconds.
    """
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))}
    stated = {name: re.search(r'^CONFIG_LIST = "(\w+)"', text, re.MULTILINE) for name, text in sources.items()}
    return {name: found[1] for name, found in stated.items() if found}


def draw(study: Results, figure: str, participant_id: str | None = None, session_id: str | None = None) -> Figure:
    """Draw a figure of a study.

    Parameters
    ----------
    study : a finished study, opened.
    figure : name of a figure, see `figure_lists`.
    participant_id, session_id : of a figure of the list `session`; not given for others.

    Raises
    ------
    ValueError : no figure has that name.
    TypeError : participant and session are missing, or given for a figure of the whole study.
    """
    names = figure_lists()
    if figure not in names:
        close = get_close_matches(figure, names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ValueError(f"there is no figure {figure}{hint}; there are {', '.join(names)}")
    of_session = names[figure] == "session"
    if of_session and (participant_id is None or session_id is None):
        first = ", ".join(f'"{name}"' for name in next(iter(study.sessions()), ("P01", "01")))
        raise TypeError(
            f"{figure} is a figure of one session: give participant_id and session_id, such as "
            f'draw(study, "{figure}", {first}); study.sessions() lists them'
        )
    if not of_session and (participant_id is not None or session_id is not None):
        raise TypeError(
            f'{figure} is a figure of the whole study, without participant or session: draw(study, "{figure}")'
        )
    module = import_module(f"{__package__}.{figure}")
    drawn: Figure = module.draw(study, participant_id, session_id) if of_session else module.draw(study)
    return drawn
