"""What make runs on a developer's machine: first install, emulators, demo. Never deployed."""
