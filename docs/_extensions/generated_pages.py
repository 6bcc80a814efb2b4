"""Pages made from the code when the documentation is built: quality flags, figures, and the Python interface."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import legsci
from legsci.present.figures.registry import figure_lists
from legsci.quality import CODES

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
GENERATED = "generated"
#: What a severity means for the numbers.
SEVERITIES = {
    "rejected": "The trial or repetition must not be used: it has no metrics, or a person excluded it.",
    "incomplete": "Metrics that need what is missing are absent; the others are given.",
    "flagged": "The metrics are given; look at the recording before you use them.",
    "corrected": "A rule or a person changed something; the metrics are those after the change.",
    "noted": "An assumption that was made; nothing has to be done if it is right.",
}
_FIELD = re.compile(r"\{(\w+)[^}]*\}")
#: What a caption is about in the report of a run, "session {{ snakemake.wildcards.session }}".
_NAMED = re.compile(r"(study|session|participant)\s+\{\{[^}]*\}\}")


def flags_page() -> str:
    """The quality flags, most severe first: code, sentence with cause and cure, unit of the value."""
    lines = ["# Quality flags", "", "Each row of `quality.csv` has a code, a severity and a sentence: what was found,"]
    lines += ["by which limit it was judged, its likely cause, and what to do.", ""]
    for severity, meaning in SEVERITIES.items():
        codes = {name: code for name, code in CODES.items() if code.severity == severity}
        if codes:
            lines += [f"## {severity}", "", meaning, "", "| code | sentence | unit of the value |", "|---|---|---|"]
            for name, code in sorted(codes.items()):
                sentence = _FIELD.sub(lambda field: f"[{field[1]}]", code.sentence).replace("|", "\\|")
                lines.append(f"| `{name}` | {sentence} | {code.unit or ''} |")
            lines.append("")
    return "\n".join(lines)


def figures_page() -> str:
    """The figures by list, with their captions and, where results are there, as drawn by the last run."""
    lines = [
        "# Figures",
        "",
        "`legsci.draw(study, name, ...)` draws each of them. Pictures on this page are of the last",
    ]
    lines += ["run of the studies in `results/`; without one, captions stand alone.", ""]
    for name in figure_lists():
        caption = (ROOT / "workflow" / "report" / f"{name}.rst").read_text(encoding="utf-8").strip()
        lines += [f"## {name.replace('_', ' ')}", "", _NAMED.sub(r"a \1", " ".join(caption.split())), ""]
        drawn = sorted(ROOT.glob(f"results/virtual/figures/{name}.svg")) or sorted(
            ROOT.glob(f"results/*/figures/{name}/*.png")
        )
        lines += [f"![{name}](/../{drawn[0].relative_to(ROOT).as_posix()})", ""] if drawn else []
    return "\n".join(lines)


def interface_page() -> str:
    """The public names of legsci, documented from their docstrings."""
    lines = ["# Python interface", "", "`import legsci` gives these names.", ""]
    for name, module in sorted(legsci.PUBLIC.items()):
        found = getattr(legsci, name)
        directive = (
            f".. autofunction:: {module}.{name}" if callable(found) else f".. autodata:: {module}.{name}\n   :no-value:"
        )
        lines += [f"## {name}", "", f"```{{eval-rst}}\n{directive}\n```", ""]
    lines += ["## A study", "", "```{eval-rst}\n.. autoclass:: legsci.present.results.Results\n   :members:\n```", ""]
    return "\n".join(lines)


def write_pages(app: Sphinx) -> None:
    """Write the pages, each only where it changed, so that nothing is built twice."""
    folder = Path(app.srcdir, GENERATED)
    folder.mkdir(exist_ok=True)
    for name, page in (("flags", flags_page()), ("figures", figures_page()), ("interface", interface_page())):
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != page:
            path.write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect with Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
