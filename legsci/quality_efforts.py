"""Quality flags of isometric efforts, of rebounds and of landings; `legsci.quality` joins the others."""

from __future__ import annotations

from legsci.quality_declarations import Code

EFFORTS: dict[str, Code] = {
    "no_effort": Code(
        "rejected", "No isometric effort: force never exceeds that of standing by {limit:.0f} N for {value:.1f} s.", "N"
    ),
    "effort_cut_off": Code(
        "flagged", "The recording ends during the effort: force may have risen further, and its length is not known."
    ),
    "pretension": Code(
        "flagged",
        "Force differs by {value:+.0f} N from body weight before the effort (limit {limit:.0f} N): pre-tension, or "
        "part of the weight on the bar.",
        "N",
    ),
    "countermovement_before_effort": Code(
        "flagged",
        "Force falls {value:.0f} N before the effort (limit {limit:.0f} N): a countermovement; the onset is that of "
        "the rise after it.",
        "N",
    ),
    "no_rebound": Code("flagged", "No rebound jump within {limit:.1f} s of the landing: none is scored.", "s"),
    "not_settled": Code(
        "noted",
        "No time to stabilisation: force does not stay within 5 % of body weight for {limit:.0f} s in the "
        "{value:.1f} s after the landing.",
        "s",
    ),
    "series_short": Code(
        "noted",
        "No time to stabilisation by sequential averaging: {value:.1f} s of force after the landing; {limit:.0f} s are "
        "needed.",
        "s",
    ),
}
