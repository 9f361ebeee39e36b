"""The figures, each measured beside its comparator in one run on one machine. Never deployed."""
