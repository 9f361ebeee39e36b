"""What every function needs: settings, logs, and the wiring."""
