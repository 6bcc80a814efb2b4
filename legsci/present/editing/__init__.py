"""Widgets of the notebooks: the choice of a study, and the editor of events."""
