"""What is wrong with a project, and how to fix it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    what: str
    remedy: str | None = None
    """A command or a sentence; None if `what` says what to do."""

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}" if self.remedy else f"{self.what}."
