"""Write the simulated cohort that oracles.R fits: `python tests/models/oracles/cohorts.py` from the root of a checkout.

The tables are kept as they were on 2026-11-25; a simulator that draws other athletes leaves them valid, since R and
legsci read the same files.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from legsci.models.claims.registry import load_claims
from legsci.models.injury.times import risk_intervals
from legsci.models.plans import with_changes
from legsci.models.statistics.design import split_within_between, to_log_percent
from legsci.models.tables.analysis import session_table, week_table
from legsci.models.tables.longitudinal import longitudinal_table
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

SEED = 20250101
CHANGES = {"athletes": 60, "visits": 12, "weeks_between_visits": 2}
SESSION_COLUMNS = ["participant_id", "time", "abduction_within", "abduction_between", "load", "female", "jump_height"]
WEEK_COLUMNS = [
    *("participant_id", "training_hours", "onset", "abduction_between", "load", "previously_injured"),
    *("start", "stop", "event_number", "gap_start", "gap_stop"),
]


def main() -> None:
    """Simulate, lay out sessions and weeks at risk, and write them with six digits."""
    config = yaml.safe_load(Path("workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]
    tables = simulate_tables_with_parameters(with_changes(config, CHANGES), SEED)
    variables = load_claims(Path("workflow/claims.yaml")).variables
    longitudinal = longitudinal_table(tables)
    sessions = session_table(longitudinal, {name: variables[name] for name in ("jump_height", "abduction")})
    split = split_within_between(sessions.dropna(subset=["jump_height", "abduction", "load"]), ["abduction"])
    split["jump_height"] = to_log_percent(split["jump_height"])
    at_risk, _ = week_table(tables, sessions, exposed="abduction", problem_type="overuse")
    weeks = risk_intervals(at_risk)
    weeks = weeks.dropna(subset=["abduction_between"])
    folder = Path(__file__).parent
    split[SESSION_COLUMNS].to_csv(folder / "sessions.csv", index=False, float_format="%.6g")
    weeks[WEEK_COLUMNS].to_csv(folder / "weeks.csv", index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
