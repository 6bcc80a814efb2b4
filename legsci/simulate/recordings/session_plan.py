"""What a session of the virtual athlete is to consist of, before anything is simulated."""

from __future__ import annotations

from dataclasses import dataclass

from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.plan import Technique


@dataclass(frozen=True)
class TrialPlan:
    """One trial of a session.

    Parameters
    ----------
    trial_id : letters, digits, - and _.
    task : key of TASKS.
    technique : what the trial should show.
    set : set within the session, where the trial is one.
    markers : whether the cameras record. Without them the plates' own software writes the file; then there is no EMG,
        and no sprint or lateral jump, since that software does not say where the plates lie.
    emg : whether surface EMG is recorded.
    emg_onset_s : muscle -> onset after the event of the task in the leg that pushes [s]; muscles not named have that of
        TIMING.
    wearables : whether the inertial sensors record, on a clock of their own.
    plates_apart : whether the plates and the cameras have a recorder each, whose clocks differ.
    """

    trial_id: str
    task: str
    technique: Technique
    set: int | None = None
    markers: bool = True
    emg: bool = False
    emg_onset_s: tuple[tuple[str, float], ...] = ()
    wearables: bool = False
    plates_apart: bool = False


@dataclass(frozen=True)
class SessionPlan:
    """One visit of one person.

    Parameters
    ----------
    participant_id, session_id : key of the session in the tables of the study.
    athlete : the person.
    trials : in the order in which they are recorded.
    seed : entropy of everything random about the recordings of this session; each trial has its own stream, so that a
        trial added at the end leaves the others as they are.
    """

    participant_id: str
    session_id: str
    athlete: Athlete
    trials: tuple[TrialPlan, ...]
    seed: tuple[int, ...]
