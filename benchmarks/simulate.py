"""Time to simulate and write a trial compared with reading it: less than ten times as long."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.timing import Measurement, medians_ms
from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.motion import TASK_PLANS, simulate_motion
from legsci.simulate.athlete.plan import default_technique
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.trial_files import Instruments, draw_setup, record_trial

#: Simulating may cost this many times as much as reading.
ALLOWED = 10.0
VICON = Device(name="vicon", reader="c3d", up="z", forward="y")


def measure() -> list[Measurement]:
    """Return one comparison per task, and one of a trial with EMG."""
    measurements = []
    for task in sorted(TASK_PLANS):
        for emg in (False, True) if task == "countermovement_jump" else (False,):
            measurements.append(_trial(task, emg=emg))
    return measurements


def _trial(task: str, *, emg: bool) -> Measurement:
    trial = TrialPlan(f"{task}_1", task, default_technique(task), emg=emg)
    session = SessionPlan("P01", "S01", Athlete(), (trial,), (1,))
    seconds = simulate_motion(task, session.athlete, trial.technique).time[-1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trial.c3d")

        def write() -> None:
            rng, instruments = np.random.default_rng(1), Instruments()
            setup = draw_setup(session, instruments)
            record_trial({"motion_capture": path}, session, trial, instruments=instruments, setup=setup, rng=rng)

        ours, reading = medians_ms(write, lambda: READERS["c3d"](path, device=VICON), rounds=5)
        size = path.stat().st_size / 1e6
    job = f"simulate and write {task}, {seconds:.1f} s{', EMG' if emg else ''}, {size:.2f} MB"
    return Measurement(job, "reading it", ours, reading, 1.0 / ALLOWED)
