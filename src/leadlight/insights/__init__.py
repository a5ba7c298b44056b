"""What the leads of a time have come to: counted from roll-ups, so that it costs the same for any number of leads."""
