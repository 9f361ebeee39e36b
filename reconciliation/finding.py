"""What a rule has found wrong, in words, and what a person can do about it. Pure."""

import shlex
from collections.abc import Callable
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from orders.frozen import frozen


class Severity(StrEnum):
    """How grave it is, in the words of Cloud Logging."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    """The shop itself may have done it, and may be right."""


@frozen
class Found:
    """What is wrong with one subject."""

    words: str
    """What is said of it here, and what there."""
    remedy: str
    """A command to copy: what shows more of it, or sets it right."""
    difference: str | None = None
    """What stays the same while the same is wrong, where the words do not: by how much two figures disagree that both
    change by themselves, or what is said without the order's status. None where the words are that."""


class Subject(Protocol):
    """What rules look at, one at a time."""

    @property
    def key(self) -> str:
        """The id of the order, payment, product, event or effect that it is about."""

    @property
    def order_id(self) -> str | None: ...


@frozen
class Finding:
    """What a rule has found wrong with a subject."""

    rule: str
    target: str
    """The subject's key."""
    order_id: str | None
    words: str
    remedy: str
    severity: Severity = Severity.ERROR
    difference: str | None = None
    """As in `Found`."""

    @property
    def finding_id(self) -> str:
        return finding_id_of(self.rule, self.target)


def finding_id_of(rule: str, target: str) -> str:
    """One rule finds one thing wrong once."""
    return f"{rule}_{target}"


def to_copy(act: str, *of: str) -> str:
    """The operators' command that does this, safe to be copied into a shell, whatever somebody has made an id.

    Args:
        act: the command's name, and its options.
        of: what it is done to, and what else it takes.
    """
    end_of_options = ["--"] if any(each.startswith("-") for each in of) else []
    return shlex.join(["./shop", *act.split(), *end_of_options, *of])


SubjectT = TypeVar("SubjectT", bound=Subject)


@frozen
class Rule(Generic[SubjectT]):
    """An invariant."""

    name: str
    """Also that of its file."""
    looks_at: type[SubjectT]
    judge: Callable[[SubjectT], Found | None]
    """What is wrong with one of them; None if nothing is."""
    severity: Severity = Severity.ERROR

    def finding(self, subject: SubjectT) -> Finding | None:
        found = self.judge(subject)
        if found is None:
            return None
        about = subject.key, subject.order_id
        return Finding(self.name, *about, found.words, found.remedy, self.severity, found.difference)
