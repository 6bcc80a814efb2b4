"""What plates, markers, EMG and inertial sensors record of a motion."""
