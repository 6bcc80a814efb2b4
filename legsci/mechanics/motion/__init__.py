"""Markers and recorded segments: static trial, segments, joint centres, joint angles and alignment."""
