"""Settles one event for one order: read, decide, commit; start again if another worker was faster."""
