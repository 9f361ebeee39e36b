"""Compares every product's figures with what orders hold and what the audit trail says, as of one moment."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from database.documents.inventory import level_defect_in, level_from
from database.documents.orders import HOLDING_ORDERS, order_path, units_held
from database.documents.reconciliations import Baseline, baseline_from, baseline_path, baseline_write
from database.documents.takings import TAKINGS, units_in
from database.store import Document, DocumentStore, Fields, Moment, Update, Write
from inventory.stock import Level
from orders.frozen import frozen
from orders.outcome import StoreContended
from reconciliation.books import SECONDS_MAX, Books
from reconciliation.finding import finding_id_of
from reconciliation.records import (
    INVENTORY,
    entries_between,
    made_at,
    orders_in,
    stock_moves,
    taking_record_from,
)
from reconciliation.rules import inventory_unreadable, reserved_not_held, stock_off_trail, taking_overdue
from reconciliation.subjects import InventoryRecord, ProductRecord
from reconciliation.time_limit import TimeLimit

_COMMITTED_WITHIN: Final = timedelta(minutes=10)
"""An entry has the time when settling its cause began. After this long it is written, despite clocks and retries."""
_ADJUSTED_BY_OPERATOR: Final = "operator_adjusted_stock"
"""The kind of entry for an operator's stock correction."""
_AHEAD_MAX: Final = timedelta(days=1)
"""How far an entry's writer's clock may be ahead."""
_COUNTED_AT_ONCE: Final = timedelta(days=1)
"""How much of the trail is counted between two savings of progress, after missed runs."""
_WRITTEN_AT_ONCE_MAX: Final = 200


@dataclass(slots=True)
class Moves:
    """The trail's moves since the baselines were written."""

    passed: Counter[str] = field(default_factory=Counter)
    """Units by product id, in entries that are counted into the baseline now."""
    recent: Counter[str] = field(default_factory=Counter)
    """Units in entries so recent that others from the same time may still follow."""
    acts: list[tuple[datetime, str]] = field(default_factory=list)
    """Operators' stock corrections: when, and the note, which quotes the product."""


@frozen
class _Figures:
    """One product's figures."""

    level: Level
    held: int
    to_take: int

    @property
    def stock(self) -> int | None:
        """Without sold units, as on the trail."""
        return None if self.level.stock is None else self.level.stock - self.to_take


@dataclass(slots=True)
class StockTaking:
    store: DocumentStore
    books: Books
    limit: TimeLimit
    now: Callable[[], datetime]
    products: int = 0
    """How many were checked."""

    def count_older(self, moment: Callable[[], Moment], since: datetime) -> Iterator[datetime]:
        """Count older entries into the baselines, a day at a time, so that the rest fits into memory.

        Yields up to when they are counted.

        Raises:
            OutOfTime, StoreUnavailable: what is counted is not counted again.
        """
        # Read again each time, to see what was written last time.
        while (until := since + _COUNTED_AT_ONCE) < settled_until(now := moment()):
            moves = self._moves(now, since, until, until)
            for some in _in_parts(list(moves.passed), _WRITTEN_AT_ONCE_MAX):
                self.limit.check()
                known = now.read([baseline_path(product_id) for product_id in some])
                self._note([_counted_further(each, known, moves.passed[each], until) for each in some])
            yield until
            since = until

    def take(self, moment: Moment, since: datetime) -> datetime:
        """Check every product. Returns up to when the trail's entries are counted in the baselines.

        Args:
            since: up to when they were counted before.

        Raises:
            OutOfTime, StoreUnavailable: what is counted is counted, and the next run starts at the same entry.
        """
        until = settled_until(moment)
        held: Counter[str] = Counter()
        for orders in moment.find(HOLDING_ORDERS):
            self.limit.check()
            held.update(units_held(orders))
        to_take = self._judge_takings(moment)
        moves = self._moves(moment, since, moment.at + _AHEAD_MAX, until)
        gone = {each.finding_id: each for each in self.books.of_rule(*_RULES)}
        for batch in moment.find(INVENTORY):
            self.limit.check()
            baselines = moment.read([baseline_path(product_id) for product_id, _ in batch])
            taken = []
            for product_id, fields in batch:
                for rule in _RULES:
                    gone.pop(finding_id_of(rule, product_id), None)
                self.books.judge(InventoryRecord(product_id, level_defect_in(fields)), self.now())
                if level := level_from(fields):
                    known = baselines[baseline_path(product_id)]
                    figures = _Figures(level, held[product_id], to_take[product_id])
                    taken.append(self._taken(product_id, figures, moves, known, until))
            self._note([write for _, write in taken])
            for product, _ in taken:
                self.books.judge(product, self.now())
            self.products += len(taken)
        for finding_id in gone:
            self.books.close(finding_id, self.now())
        return until

    def _taken(
        self, product_id: str, figures: _Figures, moves: Moves, known: Document | None, until: datetime
    ) -> tuple[ProductRecord, Write | None]:
        """The product as a subject, and its baseline, if that changes."""
        passed, recent = moves.passed[product_id], moves.recent[product_id]
        baseline = baseline_from(known)
        expected = None
        if figures.stock is not None and baseline and baseline.stock is not None:
            expected = baseline.stock + passed + recent
            if expected != figures.stock and self._is_accepted(product_id, moves):
                expected = None
        counted = _counted(figures.stock, expected, recent)
        is_new = baseline is None or counted != baseline.stock
        write = baseline_write(product_id, Baseline(counted, until), known) if is_new else None
        level = figures.level
        record = ProductRecord(product_id, level.reserved, figures.held, level.stock, expected, figures.to_take)
        return record, write

    def _judge_takings(self, moment: Moment) -> Counter[str]:
        """Check each taking, and return what all of them still have to take, by product id."""
        to_take: Counter[str] = Counter()
        over = {each.target: each.finding_id for each in self.books.of_rule(taking_overdue.RULE.name)}
        for batch in moment.find(TAKINGS):
            self.limit.check()
            to_take.update(units_in(fields for _, fields in batch))
            order_ids = [order_id for order_id, _ in batch]
            orders = orders_in(order_ids, moment.read([order_path(order_id) for order_id in order_ids]))
            for order_id, fields in batch:
                over.pop(order_id, None)
                self.books.judge(taking_record_from(order_id, fields, orders.get(order_id), moment.at), self.now())
        for finding_id in over.values():
            self.books.close(finding_id, self.now())
        return to_take

    def _is_accepted(self, product_id: str, moves: Moves) -> bool:
        """Whether an operator has corrected the stock since the difference was found, and so accepted it."""
        found = self.books.open.get(finding_id_of(stock_off_trail.RULE.name, product_id))
        # The note of a recount, which concerns only `reserved`, begins differently.
        quoted = repr(product_id)
        return found is not None and any(at >= found.since and words.startswith(quoted) for at, words in moves.acts)

    def _moves(self, moment: Moment, since: datetime, end: datetime, until: datetime) -> Moves:
        moves, counted_until = Moves(), dict[str, datetime]()
        for batch in moment.find(entries_between(since, end)):
            self.limit.check()
            # Including a correction that found the stock right, and moved nothing.
            moves.acts += [(made_at(entry, until), str(entry.get("note"))) for _, entry in batch if _is_act(entry)]
            entries = [(entry, stock_moves([entry])) for _, entry in batch]
            moved = [(entry, units) for entry, units in entries if units]
            named = {product_id for _, units in moved for product_id in units} - counted_until.keys()
            for product_id, baseline in _baselines(moment, named).items():
                # Entries that an earlier run counted before it died are not counted again.
                counted_until[product_id] = max(since, (baseline and baseline.until) or since)
            for entry, units in moved:
                _add(moves, entry, units, counted_until, until)
        return moves

    def _note(self, writes: Sequence[Write | None]) -> None:
        """Raises StoreContended if one is not written that nobody else has written: its units would not be counted."""
        if not (changed := tuple(write for write in writes if write)):
            return
        try:
            self.store.commit(changed, timeout_seconds=SECONDS_MAX)
        except StoreContended:
            # Another run was faster with one of them.
            if len(changed) > 1:
                for write in changed:
                    self._note([write])
            # Firestore also aborts commits that nobody else has made impossible. The next run starts at the same entry.
            elif self._is_as_read(changed[0]):
                raise

    def _is_as_read(self, write: Write) -> bool:
        document = self.store.read((write.path,), timeout_seconds=SECONDS_MAX)[write.path]
        return (document and document.version) == (write.version if isinstance(write, Update) else None)


def settled_until(moment: Moment) -> datetime:
    """Every entry from before this time is written by this moment."""
    return moment.at - _COMMITTED_WITHIN


_RULES: Final = (inventory_unreadable.RULE.name, reserved_not_held.RULE.name, stock_off_trail.RULE.name)


def _counted(stock: int | None, expected: int | None, recent: int) -> int | None:
    """The stock by the trail before the recent entries; without an expected one, the present stock is the baseline."""
    if stock is None:
        return None
    return (stock if expected is None else expected) - recent


def _counted_further(
    product_id: str, known: Mapping[str, Document | None], passed: int, until: datetime
) -> Write | None:
    """None if there is no baseline yet, or the product is never short."""
    document = known[baseline_path(product_id)]
    baseline = baseline_from(document)
    if baseline is None or baseline.stock is None:
        return None
    return baseline_write(product_id, Baseline(baseline.stock + passed, until), document)


def _in_parts(ids: Sequence[str], at_most: int) -> Iterator[Sequence[str]]:
    return (ids[first : first + at_most] for first in range(0, len(ids), at_most))


def _baselines(moment: Moment, product_ids: set[str]) -> Mapping[str, Baseline | None]:
    paths = {product_id: baseline_path(product_id) for product_id in product_ids}
    documents = moment.read(list(paths.values()))
    return {product_id: baseline_from(documents[path]) for product_id, path in paths.items()}


def _add(
    moves: Moves, entry: Fields, units: Mapping[str, int], counted_until: Mapping[str, datetime], until: datetime
) -> None:
    at = made_at(entry, until)
    for product_id, quantity in units.items():
        if at >= until:
            moves.recent[product_id] += quantity
        elif at >= counted_until[product_id]:
            moves.passed[product_id] += quantity


def _is_act(entry: Fields) -> bool:
    return entry.get("kind") == _ADJUSTED_BY_OPERATOR
