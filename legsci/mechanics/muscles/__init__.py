"""Surface EMG: conditioning, what is wrong with a channel, and when a muscle begins to fire."""
