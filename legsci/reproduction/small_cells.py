"""Small groups of participants in tables that are passed on: by their traits together a person may be recognised."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

#: Columns of longitudinal.csv by which an acquaintance would recognise a person, and those that are nearly unique.
GROUPS = ("sex", "dominant_leg", "previous_injury", "level", "group")
EXACT = ("age_years", "height_m", "body_mass_kg")
#: Groups of fewer are small.
FEWEST = 5


def small_cells(results: Path) -> str:
    """Name the risk that participants are recognised by their traits in the tables of a run.

    Parameters
    ----------
    results : folder of the run; without a longitudinal.csv in it there is no risk to name.

    Returns
    -------
    A sentence, empty where every combination of GROUPS is shared by FEWEST participants or more and none of EXACT is
    given.
    """
    path = results / "longitudinal.csv"
    if not path.is_file():
        return ""
    wanted = {"participant_id", *GROUPS, *EXACT}
    rows = pd.read_csv(path, usecols=lambda name: name in wanted, dtype=str)
    people = rows.drop_duplicates("participant_id")
    known = [name for name in GROUPS if name in people and people[name].notna().any()]
    exact = [name for name in EXACT if name in people and people[name].notna().any()]
    said = []
    if known:
        sizes = people.groupby(known, dropna=False)["participant_id"].transform("size")
        if few := int((sizes < FEWEST).sum()):
            of = " and ".join(filter(None, [", ".join(known[:-1]), known[-1]])).replace("_", " ")
            said.append(f"{few} of {len(people)} participants share {of} with fewer than {FEWEST - 1} others")
    if exact:
        said.append(f"{', '.join(exact)} are given exactly")
    if not said:
        return ""
    return f"Small groups: {'; '.join(said)}. Who knows these persons may recognise them in longitudinal.csv."
