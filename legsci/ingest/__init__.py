"""From the study folder of a laboratory to session files."""
