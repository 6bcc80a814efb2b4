"""Force plates: zero, weighing, definition profiles, search windows and the events of a jump."""
