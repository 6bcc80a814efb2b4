"""Probability of each verdict under each truth, bias and coverage, from two generators of cohorts.

`python -m benchmarks.verdicts` draws cohorts of `legsci.simulate` and of the second generator (tests/independent),
which share no code, makes the ledger of each, and writes workflow/validation/verdicts.csv. What is true of a claim is
drawn in each cohort. Seeds are fixed beforehand. Cohorts that are done are kept in results/verdicts, in a folder for
the state of the sources, so that a run that was stopped goes on and cohorts of different sources never mix.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from benchmarks.dated import write_dated
from legsci.models.claims.against_truth import true_effects
from legsci.models.claims.ledger import claims_ledger
from legsci.models.claims.registry import Registry, load_claims
from legsci.models.claims.verdicts import (
    CONTRADICTED,
    EQUIVALENT,
    INCONCLUSIVE,
    SMALLER,
    SUPPORTED,
    UNTESTABLE,
    verdict_on_truth,
)
from legsci.models.plans import TRUTHS, with_changes
from legsci.provenance import Sources
from legsci.simulate.cohort.truth import simulate_tables_with_parameters
from tests.independent.cohorts import simulate_independent

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "workflow" / "validation" / "verdicts.csv"
WORDS = (SUPPORTED, SMALLER, EQUIVALENT, CONTRADICTED, INCONCLUSIVE, UNTESTABLE)
#: Number of athletes -> cohorts of each generator in a whole run.
COHORTS = {12: 1000, 24: 1000, 60: 1000, 400: 300}
FIRST_SEED, CHUNK, RESAMPLES = 700_000, 5, 200
#: Coverage and share of false words that are tolerated, and the level of the Monte Carlo intervals.
COVERAGE, MOST_FALSE, MONTE_CARLO = (0.93, 0.97), 0.05, 0.99
#: Truth and claim of lines of the summary that take all truths, or all claims, together.
EVERY = "any"


class Drawn(NamedTuple):
    """A cohort: its tables, what was drawn for each claim, and the true effects for the contrasts of its ledger."""

    tables: dict[str, pd.DataFrame]
    truths: Mapping[str, str]
    effects: Callable[[pd.Series], Mapping[str, float]]


@cache
def registry() -> Registry:
    """Return the registered claims."""
    return load_claims(ROOT / "workflow" / "claims.yaml")


def cohort_of_legsci(athletes: int, seed: int) -> Drawn:
    """Draw a cohort of legsci's virtual athletes; truths are those of planning.yaml, a draw for each claim."""
    options, plan = (
        yaml.safe_load((ROOT / "workflow" / name).read_text(encoding="utf-8"))[key]
        for name, key in (("config.yaml", "virtual"), ("planning.yaml", "cohort"))
    )
    generator = np.random.default_rng([seed, athletes])
    truths = {claim: str(generator.choice(TRUTHS)) for claim in plan["truths"]}
    changes = plan["changes"] | {"athletes": athletes}
    for claim, word in truths.items():
        changes |= plan["truths"][claim].get(word, {})
    tables = simulate_tables_with_parameters(with_changes(options, changes), seed)
    return Drawn(tables, truths, lambda differences: true_effects(tables["parameters"], differences, tables))


def cohort_of_second(athletes: int, seed: int) -> Drawn:
    """Draw a cohort of the second generator."""
    cohort = simulate_independent(athletes, seed)
    return Drawn(cohort.tables, cohort.truths, lambda differences: cohort.effects(differences.to_dict()))


GENERATORS = {"legsci": cohort_of_legsci, "second": cohort_of_second}


def verdicts_on(generator: str, athletes: int, seed: int) -> pd.DataFrame:
    """Return the ledger of one cohort with what is true: a row per claim that has a true effect."""
    claims = {claim.id: claim for claim in registry().claims}
    drawn = GENERATORS[generator](athletes, seed)
    ledger = claims_ledger(drawn.tables, registry(), simulated=True, resamples=RESAMPLES, seed=seed, confirm="none")
    effects = drawn.effects(ledger.set_index("id")["difference"].astype(float))
    rows = ledger[ledger["id"].isin(drawn.truths)][["id", "verdict", "estimate", "low", "high"]]
    rows = rows.assign(
        generator=generator,
        athletes=athletes,
        seed=seed,
        truth=rows["id"].map(drawn.truths),
        true_effect=rows["id"].map(effects),
    )
    known = rows["true_effect"].notna()
    rows["true_verdict"] = [
        verdict_on_truth(claims[name], effect) if sure else None
        for name, effect, sure in zip(rows["id"], rows["true_effect"], known, strict=True)
    ]
    return rows


def run(folder: Path, chunks: list[tuple[str, int, int]], *, seconds: float, processes: int = 2) -> pd.DataFrame:
    """Analyse chunks of cohorts that are not in the folder yet, and return all cohorts that are.

    Parameters
    ----------
    folder : where each chunk is kept as a file.
    chunks : generator, athletes, first seed.
    seconds : time after which no further chunk is begun [s].
    processes : how many work at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {chunk: folder / "{}_{}_{}.csv".format(*chunk) for chunk in chunks}
    waiting, end = [chunk for chunk, file in files.items() if not file.exists()], time.monotonic() + seconds
    with ProcessPoolExecutor(processes) as pool:
        running: dict[object, tuple[str, int, int]] = {}
        while running or (waiting and time.monotonic() < end):
            while waiting and len(running) < processes and time.monotonic() < end:
                chunk = waiting.pop(0)
                running[pool.submit(_analyse, *chunk)] = chunk
            done, _ = wait(running, return_when=FIRST_COMPLETED)  # type: ignore[type-var]
            for future in done:
                chunk = running.pop(future)
                part = files[chunk].with_suffix(".part")
                future.result().to_csv(part, index=False)
                part.replace(files[chunk])
    return pd.concat([pd.read_csv(file) for file in files.values() if file.exists()], ignore_index=True)


def _analyse(generator: str, athletes: int, first: int) -> pd.DataFrame:
    return pd.concat([verdicts_on(generator, athletes, seed) for seed in range(first, first + CHUNK)])


def in_turn(cohorts: Mapping[int, int]) -> Iterator[tuple[str, int, int]]:
    """Return the chunks of a run, sizes and generators in turn, so that a run that ends early has some of each."""
    counts = {athletes: -(-count // CHUNK) for athletes, count in cohorts.items()}
    places = [
        ((step + 0.5) / counts[athletes], athletes, step) for athletes in counts for step in range(counts[athletes])
    ]
    for _, athletes, step in sorted(places):
        for generator in GENERATORS:
            yield generator, athletes, FIRST_SEED + step * CHUNK


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum up verdicts by generator, number of athletes, claim and truth, and by claim over all truths.

    Parameters
    ----------
    rows : of `verdicts_on`.

    Returns
    -------
    cohorts; share of each of WORDS; false, share of cohorts with a word other than inconclusive or untestable that
    differs from the verdict on the true effect; bias, mean estimate less the truth [unit of the claim]; coverage of the
    95 % interval where there is one; the 99 % Clopper-Pearson limits of false and coverage; fails, which of the two
    lies outside what is tolerated. A last row per generator and size has the share of cohorts with some false word.
    """
    rows = rows.assign(
        wrong=(rows["verdict"] != rows["true_verdict"]) & ~rows["verdict"].isin([INCONCLUSIVE, UNTESTABLE]),
        tested=(rows["verdict"] != UNTESTABLE) & rows["true_effect"].notna(),
        covered=(rows["low"] <= rows["true_effect"]) & (rows["true_effect"] <= rows["high"]),
    )
    keys = ["generator", "athletes", "id", "truth"]
    every = pd.concat([rows.assign(truth=EVERY), rows], ignore_index=True)
    order = {name: place for place, name in enumerate(dict.fromkeys(rows["id"]))}
    lines = [dict(zip(keys, key, strict=True)) | _line(group) for key, group in every.groupby(keys)]
    for key, group in rows.groupby(keys[:2]):
        some = group.groupby("seed")["wrong"].any()
        lines.append(
            dict(zip(keys, (*key, EVERY, EVERY), strict=True)) | _share("false", some) | {"cohorts": len(some)}
        )
    table = pd.DataFrame(lines)
    table = table.assign(place=table["id"].map(order).fillna(len(order)), fails=[_fails(line) for line in lines])
    table = table.sort_values(["generator", "athletes", "place", "truth"], kind="stable")
    return table.drop(columns="place").reset_index(drop=True)


def _line(group: pd.DataFrame) -> dict[str, object]:
    finite = group[group["tested"] & np.isfinite(group["estimate"])]
    words = {word: (group["verdict"] == word).mean() for word in WORDS}
    bias = (finite["estimate"] - finite["true_effect"]).mean() if len(finite) else np.nan
    tested = group.loc[group["tested"], "covered"]
    return {
        "cohorts": len(group),
        **words,
        **_share("false", group["wrong"]),
        "bias": bias,
        **_share("coverage", tested),
    }


def _share(name: str, found: pd.Series) -> dict[str, float]:
    """Return a share with its Clopper-Pearson limits; missing of no cohort."""
    count, hits = len(found), int(found.sum())
    tail = 0.5 * (1.0 - MONTE_CARLO)
    low = float(stats.beta.ppf(tail, hits, count - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(1.0 - tail, hits + 1, count - hits)) if hits < count else 1.0
    return {name: hits / count if count else np.nan, f"{name}_low": low, f"{name}_high": high}


def _fails(line: Mapping[str, object]) -> str:
    wrong = ["false words"] if float(line["false_low"]) > MOST_FALSE else []  # type: ignore[arg-type]
    if line["id"] != EVERY and line["truth"] == EVERY:
        low, high = float(line["coverage_low"]), float(line["coverage_high"])  # type: ignore[arg-type]
        wrong += ["coverage"] if high < COVERAGE[0] or low > COVERAGE[1] else []
    return ", ".join(wrong)


def main() -> None:
    """Run as many cohorts as the time allows and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="time after which no further cohorts are begun")
    parser.add_argument("--share", type=float, default=1.0, help="share of the cohorts of a whole run")
    settings = parser.parse_args()
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    modules = ("benchmarks.verdicts", "tests.independent.cohorts")
    folder = ROOT / "results" / "verdicts" / Sources(ROOT).digest(*modules)[:12]
    cohorts = {athletes: max(CHUNK, round(count * settings.share)) for athletes, count in COHORTS.items()}
    rows = run(folder, list(in_turn(cohorts)), seconds=3600.0 * settings.hours)
    counts = rows.groupby(["athletes", "generator"])["seed"].nunique()
    said = "; ".join(f"{n} cohorts of {athletes} athletes, {generator}" for (athletes, generator), n in counts.items())
    write_dated(TABLE, f"seeds from {FIRST_SEED}; {said}", summary(rows), index=False, float_format="%.4g")
    table = summary(rows)
    print(
        table[table["fails"] != ""][["generator", "athletes", "id", "truth", "cohorts", "false", "coverage", "fails"]]
    )


if __name__ == "__main__":
    main()
