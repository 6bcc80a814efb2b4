"""Inertial sensors: orientation, sensor to segment, flexion of joints, and what cuts a trial without plates."""
