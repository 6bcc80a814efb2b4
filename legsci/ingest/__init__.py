"""What a lab hands over becomes a session of trials."""
