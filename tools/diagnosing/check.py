"""The result of a check."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    check: str
    state: State
    found: str
    remedy: str | None = None

    def __str__(self) -> str:
        return f"{self.state:<11}  {self.check:<13}  {self.found}" + (f": {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why something could not be checked, and what to do about that."""

    why: str
    remedy: str
