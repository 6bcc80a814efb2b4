"""Mutants of recordings and study folders: none may crash, raise anything but a refusal, or read wrong in silence.

`python -m benchmarks.damaged_files` writes damaged_files.csv, with the date; `HEAD` says what is counted as a value.
"""

from __future__ import annotations

import datetime
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from legsci.ingest.check import check_study
from legsci.ingest.faults import StudyError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from tests.ingest.test_bad_files_in_a_study import write_study
from tests.mutants import Specimen, faulty_folder, mutate, outcome, specimens

MUTANTS = 300
TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("refused", "the same", "changed, said", "value changed", "changed in silence", "unforeseen", "crash")
HEAD = """\
# Mutants of one sound recording per reader, and faulty study folders: what became of them.
# A change of headers, units, rates, labels, numbers of channels or rows must be refused or said.
# "value changed" counts numbers that nothing else in the file confirms, changed to another plausible number: samples;
# in C3D also the factors and offsets of channels (not zero, not out of proportion), the corners of plates (still a
# rectangle of the size of a plate) and their origin (still within the plate); in Qualisys text the corners. A factor
# that is wrong by 2 % cannot be told from a right one. In delimited text, which does not say how many rows it has,
# whole rows lost at the beginning or the end are counted there too. Of study folders "the same" are those that are
# still sound: a remark, a date or a mass changed to another one that is as good.
"""
#: What must not be.
FORBIDDEN = ("changed in silence", "unforeseen", "crash")


def reader_mutants(specimen: Specimen, mutant: Path, rng: np.random.Generator) -> Counter[str]:
    """Read mutants of one file and count what became of them."""
    device = specimen.device
    sound = map_names(READERS[device.reader](specimen.path, device=device), device, specimen.path.name)
    counts: Counter[str] = Counter()
    for _ in range(MUTANTS):
        how, content = mutate(specimen, rng)
        mutant.write_bytes(content)
        kind = outcome(mutant, specimen, sound).kind
        counts["value changed" if kind == "changed in silence" and how.startswith("value") else kind] += 1
    return counts


def folder_mutants(folder: Path, rng: np.random.Generator) -> Counter[str]:
    """Check faulty study folders and count what became of them."""
    whole, faulty = write_study(folder / "whole", ["good_1", "good_3"]), folder / "faulty"
    counts: Counter[str] = Counter()
    for _ in range(MUTANTS):
        shutil.copytree(whole, faulty)
        faulty_folder(faulty, rng)
        try:
            check_study(faulty)
            counts["the same"] += 1
        except StudyError:
            counts["refused"] += 1
        except Exception:  # what is looked for
            counts["crash"] += 1
        shutil.rmtree(faulty)
    return counts


def main() -> int:
    """Write the table; 1 where something happened that must not."""
    warnings.simplefilter("error")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for subject, specimen in specimens(folder).items():
            mutant = folder / f"mutant{specimen.path.suffix}"
            rows.append({"subject": subject} | reader_mutants(specimen, mutant, np.random.default_rng(2026)))
        rows.append({"subject": "study folder"} | folder_mutants(folder, np.random.default_rng(2027)))
    table = pd.DataFrame(rows).reindex(columns=["subject", *COLUMNS]).fillna(0).astype(dict.fromkeys(COLUMNS, int))
    table.insert(0, "date", datetime.date.today().isoformat())
    table.insert(2, "mutants", MUTANTS)
    TABLE.write_text(HEAD + table.to_csv(index=False), encoding="utf-8")
    print(table.to_string(index=False))
    return int(table[list(FORBIDDEN)].to_numpy().any())


if __name__ == "__main__":
    sys.exit(main())
