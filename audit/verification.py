"""Finds changed, missing, inserted and reordered audit entries, and overwritten statuses of orders. Pure.

A hash is no signature: anybody who may write to the database can hash a whole chain anew. Only an anchor kept elsewhere
reveals that.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import chain, groupby
from operator import attrgetter
from typing import Final

from audit.chain import Head
from audit.links import Entry, Link, is_from_before, is_overwritten, is_set_aside, link_of
from orders.frozen import frozen


class Defect(StrEnum):
    CHANGED = "changed"
    """An entry is not what was hashed, or not what the next one is chained to."""
    MISSING = "missing"
    INSERTED = "inserted"
    """An entry belongs to no chain of its order."""
    REORDERED = "reordered"
    """An entry's number is not its place in the chain."""
    UNCHAINED = "unchained"
    """An entry has no place, although the chain had begun."""
    HEAD = "head"
    """The order does not say where its chain ends, or the chain goes on."""
    STATUS = "status"
    """The order has another status than its last entry left it in."""
    ANCHOR = "anchor"
    """An anchored entry is no longer in the chain."""


@frozen
class Finding:
    defect: Defect
    order_id: str | None
    entry_id: str | None
    """None if it is about no existing entry."""
    words: str


@frozen
class Ends:
    """Where an order says that its chain ends; without an order, the same for operators' other acts."""

    order_id: str | None
    exists: bool = False
    """Whether the order exists now. If not, every intact chain is that of a deleted order."""
    created_at: datetime | None = None
    head: Head | None = None
    status: str | None = None
    """The order's, as written; None if it is no text."""
    anchored: tuple[Head, ...] = ()
    """Where its chain ended at each anchor."""


@frozen
class Verdict:
    """The result for the entries of one order."""

    order_id: str | None
    chained: int
    """Entries in their place in its chain."""
    of_earlier_orders: int
    """Entries in chains of earlier orders with this id."""
    from_before: int
    """Entries without a place from before its chain began, which cannot be verified."""
    set_aside: int
    """Entries of Stripe's events that were only set aside. They are in no chain."""
    findings: tuple[Finding, ...]


def verified_all(orders: Iterable[Ends], entries: Iterable[Entry], acts: Ends) -> Iterator[Verdict]:
    """A verdict on each order that has or claims to have entries. Only one order's hashes at a time are in memory.

    The first verdict is on the entries that name no order.

    Args:
        orders: sorted by id.
        entries: sorted by their order's id, those without one first.
        acts: where the chain of operators' acts on no order ends.
    """
    of_orders, ahead = groupby(entries, attrgetter("order_id")), chain([acts], orders)
    order = next(ahead, None)
    for order_id, group in of_orders:
        while order and order.order_id != order_id and _comes_before(order.order_id, order_id):
            yield verified(order, ())
            order = next(ahead, None)
        if order and order.order_id == order_id:
            yield verified(order, group)
            order = next(ahead, None)
        else:
            yield verified(Ends(order_id), group)
    while order:
        yield verified(order, ())
        order = next(ahead, None)


def _comes_before(one: str | None, other: str | None) -> bool:
    return one is None or (other is not None and one < other)


def verified(order: Ends, entries: Iterable[Entry]) -> Verdict:
    """The verdict on one order, with its entries in any sequence."""
    check = _Check(order)
    for entry in entries:
        check.take(entry)
    return check.verdict()


class _Check:
    def __init__(self, order: Ends) -> None:
        self._order = order
        self._left: dict[object, Link] = {}
        """Links that are not in their place yet, by hash."""
        self._placed: dict[object, Link] = {}
        self._unchained: list[Entry] = []
        self._set_aside = 0
        self._findings: list[Finding] = []

    def take(self, entry: Entry) -> None:
        fields = entry.fields
        if not {"sequence", "previousHash", "hash"}.isdisjoint(fields):
            self._take_link(entry)
        elif is_set_aside(fields):
            self._set_aside += 1
        else:
            self._unchained.append(entry)

    def verdict(self) -> Verdict:
        unchained = self._of_unchained()
        head = self._head()
        self._go_back(head)
        self._compare_status(head)
        chained = len(self._placed)
        while self._left:
            self._go_back_apart(max(self._tips(), key=lambda link: (link.created_at, link.sequence)))
        self._compare_with_anchors()
        return Verdict(
            self._order.order_id,
            chained,
            len(self._placed) - chained,
            unchained,
            self._set_aside,
            tuple(self._findings),
        )

    def _take_link(self, entry: Entry) -> None:
        link = link_of(entry)
        if link is None:
            self._find(Defect.CHANGED, "its place in the chain, or its time, cannot be read", entry.entry_id)
            return
        known = self._left.setdefault(link.hash, link)
        if known is not link:
            copy, self._left[link.hash] = (known, link) if link.is_intact else (link, known)
            self._find(Defect.INSERTED, f"it has the hash of {self._left[link.hash].entry_id}", copy.entry_id)

    def _of_unchained(self) -> int:
        """How many of the entries without a place are from before the chain began."""
        first = min(self._left.values(), default=None, key=attrgetter("created_at"))
        before = 0
        for entry in self._unchained:
            if first is None or is_from_before(entry, first):
                before += 1
            else:
                words = "it has no place in the chain, which had begun before it"
                self._find(Defect.UNCHAINED, words, entry.entry_id)
        return before

    def _head(self) -> Head | None:
        """Where the chain ends, according to the order or, failing that, to its entries."""
        if self._order.head or not self._order.exists:
            return self._order.head
        newest = max((link for link in self._tips() if not self._is_of_earlier_order(link)), default=None, key=_NUMBER)
        if newest is None:
            return None
        self._find(Defect.HEAD, f"it names no chain, though number {newest.sequence} is {newest.entry_id}")
        return Head(newest.sequence, newest.hash)

    def _go_back(self, head: Head | None) -> None:
        """Walk from the head to the first entry, past gaps."""
        if head is None:
            return
        number, after = head.count, "the order"
        wanted: object = head.hash
        while number:
            link = self._left.get(wanted) or self._below_a_gap(number, after)
            if link is None:
                return
            del self._left[link.hash]
            self._placed[link.hash] = link
            if link.sequence != number and link.hash == wanted:
                self._find(Defect.REORDERED, f"number {number} says that it is {link.sequence}", link.entry_id)
            elif not link.is_intact:
                self._find(Defect.CHANGED, f"number {link.sequence} is not what was hashed", link.entry_id)
            number = (number if link.hash == wanted else link.sequence) - 1
            wanted, after = link.previous, link.entry_id
        if wanted is not None:
            self._find(Defect.MISSING, f"what came before number 1, {after}")

    def _below_a_gap(self, number: int, after: str) -> Link | None:
        """The last existing entry up to this number, if the entry with the wanted hash is missing."""
        there = (link for link in self._tips() if link.sequence <= number and not self._is_of_earlier_order(link))
        link = max(there, default=None, key=_NUMBER)
        if link and link.sequence == number:
            defect = Defect.HEAD if after == "the order" else Defect.CHANGED
            self._find(defect, f"number {number} is not the entry to which {after} is chained", link.entry_id)
            return link
        first = link.sequence + 1 if link else 1
        self._find(Defect.MISSING, f"number {number}" if first == number else f"numbers {first} to {number}")
        return link

    def _go_back_apart(self, tip: Link) -> None:
        """Walk through entries outside the order's chain: those of an earlier order, or of none."""
        if self._is_of_earlier_order(tip) and self._root_of(tip).previous not in self._placed:
            self._go_back(Head(tip.sequence, tip.hash))
            return
        is_ahead = self._order.head is not None and self._root_of(tip).previous == self._order.head.hash
        link: Link | None = tip
        while link:
            del self._left[link.hash]
            if is_ahead:
                self._find(Defect.HEAD, f"the chain goes on with number {link.sequence}, past the order", link.entry_id)
                self._placed[link.hash] = link
            else:
                self._find(Defect.INSERTED, f"number {link.sequence} is in no chain of the order", link.entry_id)
            link = self._left.get(link.previous)

    def _root_of(self, tip: Link) -> Link:
        seen, link = {tip.hash}, tip
        while (previous := self._left.get(link.previous)) and previous.hash not in seen:
            seen.add(previous.hash)
            link = previous
        return link

    def _tips(self) -> list[Link]:
        """Remaining links without a successor; in a circle, which only a forger can make, all of them."""
        followed = {link.previous for link in self._left.values()}
        tips = [link for link in self._left.values() if link.hash not in followed]
        return tips or list(self._left.values())

    def _is_of_earlier_order(self, link: Link) -> bool:
        order = self._order
        return not order.exists or (order.created_at is not None and link.created_at < order.created_at)

    def _compare_status(self, head: Head | None) -> None:
        last = self._placed.get(head.hash) if head else None
        if last and is_overwritten(self._order.status, last.status_after):
            words = f"the order is {self._order.status}, but its last entry left it {last.status_after}"
            self._find(Defect.STATUS, words, last.entry_id)

    def _compare_with_anchors(self) -> None:
        for head in self._order.anchored:
            if head.hash not in self._placed:
                self._find(Defect.ANCHOR, f"number {head.count} was {head.hash}, which is no longer in its chain")

    def _find(self, defect: Defect, words: str, entry_id: str | None = None) -> None:
        self._findings.append(Finding(defect, self._order.order_id, entry_id, words))


_NUMBER: Final = attrgetter("sequence", "created_at")
