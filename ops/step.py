"""What a person can do next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    why: str
    command: str | None
    """None if no command does it."""
