"""What every function needs to run as a service: its settings, its log lines, and how it is put together."""
