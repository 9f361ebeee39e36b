"""Unit tests find the same counterexamples on every machine, and quickly."""

from hypothesis import settings

settings.register_profile("unit", max_examples=25, derandomize=True, deadline=None)
settings.load_profile("unit")
