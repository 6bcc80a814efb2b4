"""The figures of a study by name: each is the module of this package that bears its name.

CONFIG_LIST in the module is the list of workflow/config.yaml to which the figure belongs: `session` (a file per
session, `draw(study, participant_id, session_id)`), `study` or `models` (a file per study, of its measurements or of
the results of its models, `draw(study)`). A module without CONFIG_LIST serves other figures or has a rule of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

#: Lists under `figures` in workflow/config.yaml.
CONFIG_LISTS = ("session", "study", "models")


def figure_lists() -> dict[str, str]:
    """Return the list of the config to which each figure belongs, by the name of the figure.

    The sources are read, not imported: importing all figures would delay each start of the workflow by seconds.
    """
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))}
    stated = {name: re.search(r'^CONFIG_LIST = "(\w+)"', text, re.MULTILINE) for name, text in sources.items()}
    return {name: found[1] for name, found in stated.items() if found}
