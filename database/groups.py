"""Commits that increase the figures of one document, made one commit, and what each of them is answered. Pure.

Increases commute, and the commits of a group share no other document. So a group that is done is its commits, done one
after the other with nobody in between; and a group that is refused is each of them, refused.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from database.documents.size import bytes_of
from database.store import Committed, Create, Fields, Increase, Update, Write

COMMITS_MAX: Final = 64
"""In a group: as many requests as an instance takes at a time that holds units."""
WRITES_MAX: Final = 128
"""In a group: each holds up whoever waits for the document that all of them increase."""
BYTES_MAX: Final = 256 * 1024
"""In a group, as Firestore counts them. Twenty times as much in JSON is half of what Firestore takes in a request.

https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
"""


class Joinable(NamedTuple):
    """A commit that can be one with others: it increases one document, and does something besides."""

    writes: tuple[Write, ...]
    increase: Increase
    others: tuple[Write, ...]
    """What it does besides. Once that is done it cannot be done again, and so neither can the commit."""
    size_bytes: int

    @property
    def lane(self) -> str:
        """The document that it increases: only commits that increase the same one can be one."""
        return self.increase.path

    @property
    def paths(self) -> frozenset[str]:
        """The documents that nobody else in its group may write."""
        return frozenset(write.path for write in self.others)


def joinable(writes: Iterable[Write]) -> Joinable | None:
    """The commit, if it can be one with others."""
    writes = tuple(writes)
    increases = [write for write in writes if isinstance(write, Increase)]
    others = tuple(write for write in writes if not isinstance(write, Increase))
    if len(increases) != 1 or not others or any(write.path == increases[0].path for write in others):
        return None
    size = sum(bytes_of(write.fields) for write in others if isinstance(write, Create | Update))
    return Joinable(writes, increases[0], others, size)


def group_from(waiting: Iterable[Joinable]) -> tuple[Joinable, ...]:
    """As many of those that wait for one lane, from the first on, as can be one commit: at least the first."""
    group: list[Joinable] = []
    paths, writes, size = set[str](), 1, 0
    for commit in islice(waiting, COMMITS_MAX):
        writes += len(commit.others)
        size += commit.size_bytes
        if group and (writes > WRITES_MAX or size > BYTES_MAX or not paths.isdisjoint(commit.paths)):
            break
        group.append(commit)
        paths |= commit.paths
    return tuple(group)


def writes_of(group: Sequence[Joinable]) -> tuple[Write, ...]:
    """All that they write, as one commit."""
    if len(group) == 1:
        return group[0].writes
    amounts = Counter[str]()
    for commit in group:
        amounts.update(commit.increase.amounts)
    return *(write for commit in group for write in commit.others), Increase(group[0].lane, dict(amounts))


def answers_to(group: Sequence[Joinable], committed: Committed) -> tuple[Committed, ...]:
    """What each would have been answered, had they been done one after the other: its figures are those of its turn."""
    figures = dict(committed.figures[group[0].lane])
    answers: list[Committed] = []
    for commit in reversed(group):
        answers.append(_answer(commit, figures, committed, is_last=not answers))
        figures |= {name: _number(figures[name]) - amount for name, amount in commit.increase.amounts.items()}
    return tuple(reversed(answers))


def _answer(commit: Joinable, figures: Fields, committed: Committed, *, is_last: bool) -> Committed:
    # As it was written by this one, the document with the figures is there only if it was the last.
    written = {*commit.paths, commit.lane} if is_last else commit.paths
    return Committed(
        versions={path: version for path, version in committed.versions.items() if path in written},
        figures={commit.lane: {name: figures[name] for name in commit.increase.amounts}},
    )


def _number(figure: object) -> int | float:
    if not isinstance(figure, int | float):
        raise TypeError(f"an increase makes a number, not a {type(figure).__name__}")
    return figure
