"""The Compare page: all runs, two runs side by side, and the photos on which they differ."""
