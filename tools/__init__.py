"""What make runs on a developer's machine: install, emulators, demo and so on. Never deployed."""
