"""Sphinx: the documentation as pages that open offline. `make docs` writes them into docs/_build/html."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "_extensions"), str(Path(__file__).parents[1])]

import legsci  # noqa: E402

project = "legsci"
version = release = legsci.__version__
extensions = ["generated_pages", "myst_parser", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
autodoc_typehints = "none"
numpydoc_show_class_members = False
autosummary_generate = False
html_theme = "pydata_sphinx_theme"
html_title = "legsci"
html_theme_options = {
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "footer_end": [],
}
html_sidebars = {"**": []}
html_show_sourcelink = False
