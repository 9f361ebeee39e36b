"""Merges commits that increase the figures of one document, and splits the answer. Pure.

Increases commute, and the commits of a group share no other document. So a group that succeeds equals its commits done
one after the other, with nobody in between; and if it fails, each of them has failed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from database.documents.size import bytes_of
from database.store import Committed, Create, Fields, Increase, Update, Write

COMMITS_MAX: Final = 64
"""In a group: as many requests as an instance that holds units serves at a time."""
WRITES_MAX: Final = 128
"""In a group: every write delays those who wait for the increased document."""
BYTES_MAX: Final = 256 * 1024
"""In a group, as Firestore counts them. Twenty times as much in JSON is half of Firestore's limit for a request.

https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
"""


class Joinable(NamedTuple):
    """A commit that can be merged with others: it increases one document, and has other writes."""

    writes: tuple[Write, ...]
    increase: Increase
    others: tuple[Write, ...]
    """The other writes. They cannot succeed twice, and so neither can the commit."""
    size_bytes: int

    @property
    def lane(self) -> str:
        """The path that it increases: only commits that increase the same document can be merged."""
        return self.increase.path

    @property
    def paths(self) -> frozenset[str]:
        """The documents that no other commit of its group may write."""
        return frozenset(write.path for write in self.others)


def joinable(writes: Iterable[Write]) -> Joinable | None:
    """The commit, if it can be merged with others; else None."""
    writes = tuple(writes)
    increases = [write for write in writes if isinstance(write, Increase)]
    others = tuple(write for write in writes if not isinstance(write, Increase))
    if len(increases) != 1 or not others or any(write.path == increases[0].path for write in others):
        return None
    size = sum(bytes_of(write.fields) for write in others if isinstance(write, Create | Update))
    return Joinable(writes, increases[0], others, size)


def group_from(waiting: Iterable[Joinable]) -> tuple[Joinable, ...]:
    """As many of the commits waiting in a lane as fit into one, from the first on: at least the first."""
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
    """All their writes, as one commit."""
    if len(group) == 1:
        return group[0].writes
    amounts = Counter[str]()
    for commit in group:
        amounts.update(commit.increase.amounts)
    return *(write for commit in group for write in commit.others), Increase(group[0].lane, dict(amounts))


def answers_to(group: Sequence[Joinable], committed: Committed) -> tuple[Committed, ...]:
    """The answer for each commit, as if they had been done one after the other: with the figures as of its turn."""
    figures = dict(committed.figures[group[0].lane])
    answers: list[Committed] = []
    for commit in reversed(group):
        answers.append(_answer(commit, figures, committed, is_last=not answers))
        figures |= {name: _number(figures[name]) - amount for name, amount in commit.increase.amounts.items()}
    return tuple(reversed(answers))


def _answer(commit: Joinable, figures: Fields, committed: Committed, *, is_last: bool) -> Committed:
    # The increased document is as this commit left it only if it was the last.
    written = {*commit.paths, commit.lane} if is_last else commit.paths
    return Committed(
        versions={path: version for path, version in committed.versions.items() if path in written},
        figures={commit.lane: {name: figures[name] for name in commit.increase.amounts}},
    )


def _number(figure: object) -> int | float:
    if not isinstance(figure, int | float):
        raise TypeError(f"an increase makes a number, not a {type(figure).__name__}")
    return figure
