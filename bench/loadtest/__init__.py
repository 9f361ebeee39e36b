"""A load test of a project's own Firestore, which cleans up after itself: `make loadtest`. Never deployed."""
