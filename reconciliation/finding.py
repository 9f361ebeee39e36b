"""What a rule has found wrong, as text, with what a person can do about it. Pure."""

import shlex
from collections.abc import Callable
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from orders.frozen import frozen


class Severity(StrEnum):
    """As in Cloud Logging."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    """The shop itself may have done it, and be right."""


@frozen
class Found:
    """What is wrong with one subject."""

    words: str
    """What each side says."""
    remedy: str
    """A command to copy, which shows more or corrects it."""
    difference: str | None = None
    """What stays the same while the same thing is wrong, if `words` does not: how far two changing figures are apart,
    or the words without the order's status. None if `words` stays the same."""


class Subject(Protocol):
    """What rules judge, one at a time."""

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
    """One finding per rule and target."""
    return f"{rule}_{target}"


def to_copy(act: str, *of: str) -> str:
    """The operators' command for this, safe to paste into a shell, whatever characters the ids contain.

    Args:
        act: the command's name and options.
        of: its arguments.
    """
    end_of_options = ["--"] if any(each.startswith("-") for each in of) else []
    return shlex.join(["./shop", *act.split(), *end_of_options, *of])


SubjectT = TypeVar("SubjectT", bound=Subject)


@frozen
class Rule(Generic[SubjectT]):
    """An invariant."""

    name: str
    """Also the name of its file."""
    looks_at: type[SubjectT]
    judge: Callable[[SubjectT], Found | None]
    """What is wrong with a subject; None if nothing is."""
    severity: Severity = Severity.ERROR

    def finding(self, subject: SubjectT) -> Finding | None:
        found = self.judge(subject)
        if found is None:
            return None
        about = subject.key, subject.order_id
        return Finding(self.name, *about, found.words, found.remedy, self.severity, found.difference)
