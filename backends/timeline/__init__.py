"""What happened when, as a trace that a browser shows."""
