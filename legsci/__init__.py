"""legsci: a research workbench for leg strength training, from raw recordings to findings.

The public names stand in `PUBLIC`; each is imported when it is first used, so that `import legsci.kernels` stays light.
"""

from importlib import import_module

#: Public name -> module that defines it.
PUBLIC = {
    "METRIC_TERMS": "legsci.vocabulary",
    "TASKS": "legsci.tasks",
    "load_profiles": "legsci.mechanics.profiles",
    "check_study": "legsci.ingest.check",
    "read_study": "legsci.ingest.study",
    "open_session": "legsci.ingest.trial",
    "support": "legsci.mechanics.plates",
    "session_repetitions": "legsci.mechanics.reps",
    "session_metrics": "legsci.metrics.table",
    "velocity": "legsci.metrics.curves",
    "open_study": "legsci.present.results",
    "draw": "legsci.present.figures",
    "skeleton_viewer": "legsci.present.skeleton_viewer",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in PUBLIC:
        raise AttributeError(f"legsci has no public name {name}; it has {', '.join(PUBLIC)}")
    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    """Public names, for completion."""
    return sorted(PUBLIC)
