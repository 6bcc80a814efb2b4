"""legsci: a research workbench for leg strength training, from raw recordings to results.

The public names stand in `PUBLIC`; each is imported when first used, so that `import legsci.kernels` stays light.
"""

from importlib import import_module

__version__ = "0.1.0"

#: Public name -> module that defines it.
PUBLIC = {
    "dictionary": "legsci.metrics.registry",
    "TASKS": "legsci.tasks",
    "load_profiles": "legsci.mechanics.force.profiles",
    "init_study": "legsci.ingest.drafting.study_draft",
    "check_study": "legsci.ingest.check",
    "read_study": "legsci.ingest.study",
    "open_session": "legsci.ingest.session",
    "ground_reaction": "legsci.mechanics.force.plates",
    "session_motion": "legsci.mechanics.kinetics.session_motion",
    "session_repetitions": "legsci.mechanics.reps.session",
    "with_signals": "legsci.mechanics.reps.signals",
    "session_metrics": "legsci.metrics.tables",
    "analyse_measurements": "legsci.models.analysis",
    "velocity": "legsci.metrics.signals",
    "open_study": "legsci.present.opening",
    "export_opensim": "legsci.present.opensim_export",
    "export_bids": "legsci.reproduction.bids",
    "export_crate": "legsci.reproduction.crate",
    "measure": "legsci.present.file_measurement",
    "draw": "legsci.present.drawing",
    "figure_lists": "legsci.present.figures.registry",
    "skeleton_viewer": "legsci.present.viewer.skeleton_viewer",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in PUBLIC:
        raise AttributeError(f"legsci has no public name {name}; it has {', '.join(PUBLIC)}")
    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    """Public names, for completion."""
    return sorted([*PUBLIC, "__version__"])
