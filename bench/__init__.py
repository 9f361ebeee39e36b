"""The figures, each beside its comparator, in one run on one machine. Never deployed."""
