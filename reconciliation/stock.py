"""The figures of every product, beside what orders hold and what the audit trail says: all as of one moment."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from database.documents.inventory import level_from
from database.documents.reconciliations import Baseline, baseline_from, baseline_path, baseline_write
from database.documents.values import text_or_none, time_or_none
from database.store import Document, DocumentStore, Fields, Moment
from inventory.stock import Level
from orders.outcome import StoreContended
from reconciliation.books import SECONDS_MAX, Books
from reconciliation.finding import finding_id_of
from reconciliation.records import HOLDING_ORDERS, INVENTORY, entries_between, stock_moves, units_held
from reconciliation.rules import reserved_not_held, stock_off_trail
from reconciliation.subjects import ProductRecord

_COMMITTED_WITHIN: Final = timedelta(minutes=10)
"""An entry says when its cause was begun to be settled. By then it is there, whatever clocks and retries have taken."""
_ADJUSTED_BY_OPERATOR: Final = "operator_adjusted_stock"
"""The kind of the entry that says that an operator has corrected the stock."""
_AHEAD_MAX: Final = timedelta(days=1)
"""Of whoever wrote an entry, whose clock may be wrong."""


@dataclass(slots=True)
class Moves:
    """What the trail says since the baselines were written."""

    passed: Counter[str] = field(default_factory=Counter)
    """Units by product, in entries that will be counted into the baseline now."""
    recent: Counter[str] = field(default_factory=Counter)
    """Units in entries that others of their time may still follow."""
    acts: list[tuple[datetime, str]] = field(default_factory=list)
    """What operators have done to the stock: when, and in words, in which the product is quoted."""


@dataclass(slots=True)
class StockTaking:
    store: DocumentStore
    books: Books
    products: int = 0
    """How many were looked at."""

    def take(self, moment: Moment, trail_until: datetime | None, now: datetime) -> datetime:
        """Judge every product. Returns up to when the trail's entries are counted in the baselines.

        Raises:
            StoreUnavailable: what was counted is counted, and the next run begins at the same entry.
        """
        until = moment.at - _COMMITTED_WITHIN
        since = trail_until or until
        held: Counter[str] = Counter()
        for orders in moment.find(HOLDING_ORDERS):
            held.update(units_held(orders))
        moves = self._moves(moment, since, until)
        gone = {each.finding_id: each for each in self.books.of_rule(*_RULES)}
        for batch in moment.find(INVENTORY):
            baselines = moment.read([baseline_path(product_id) for product_id, _ in batch])
            for product_id, fields in batch:
                for rule in _RULES:
                    gone.pop(finding_id_of(rule, product_id), None)
                if level := level_from(fields):
                    known = baselines[baseline_path(product_id)]
                    self._judge(product_id, level, held[product_id], moves, known, until, now)
        for finding_id in gone:
            self.books.close(finding_id, now)
        return until

    def _judge(
        self,
        product_id: str,
        level: Level,
        held: int,
        moves: Moves,
        known: Document | None,
        until: datetime,
        now: datetime,
    ) -> None:
        self.products += 1
        passed, recent = moves.passed[product_id], moves.recent[product_id]
        baseline = baseline_from(known)
        expected = None
        if level.stock is not None and baseline and baseline.stock is not None:
            expected = baseline.stock + passed + recent
            if expected != level.stock and self._is_accepted(product_id, moves):
                expected = None
        counted = _counted(level, expected, recent)
        if baseline is None or counted != baseline.stock:
            self._note(product_id, Baseline(counted, until), known)
        self.books.judge(ProductRecord(product_id, level.reserved, held, level.stock, expected), now)

    def _is_accepted(self, product_id: str, moves: Moves) -> bool:
        """Whether an operator has seen to the stock since the difference was found: what they left is right."""
        found = self.books.open.get(finding_id_of(stock_off_trail.RULE.name, product_id))
        quoted = repr(product_id)
        return found is not None and any(at >= found.since and quoted in words for at, words in moves.acts)

    def _moves(self, moment: Moment, since: datetime, until: datetime) -> Moves:
        moves, counted_until = Moves(), dict[str, datetime]()
        for batch in moment.find(entries_between(since, moment.at + _AHEAD_MAX)):
            # Also an act that has found the stock to be right, and so has moved nothing.
            moves.acts += [(_made_at(entry, until), _words_of(entry)) for _, entry in batch if _is_act(entry)]
            entries = [(entry, stock_moves([entry])) for _, entry in batch]
            moved = [(entry, units) for entry, units in entries if units]
            named = {product_id for _, units in moved for product_id in units} - counted_until.keys()
            for product_id, baseline in _baselines(moment, named).items():
                # What an earlier run had counted before it died is not counted again.
                counted_until[product_id] = max(since, (baseline and baseline.until) or since)
            for entry, units in moved:
                _add(moves, entry, units, counted_until, until)
        return moves

    def _note(self, product_id: str, baseline: Baseline, known: Document | None) -> None:
        try:
            self.store.commit((baseline_write(product_id, baseline, known),), timeout_seconds=SECONDS_MAX)
        except StoreContended:
            # Another run was faster.
            return


_RULES: Final = (reserved_not_held.RULE.name, stock_off_trail.RULE.name)


def _counted(level: Level, expected: int | None, recent: int) -> int | None:
    """The stock by the trail before the recent entries; where nothing is expected, what there is is the beginning."""
    if level.stock is None:
        return None
    return (level.stock if expected is None else expected) - recent


def _baselines(moment: Moment, product_ids: set[str]) -> Mapping[str, Baseline | None]:
    paths = {product_id: baseline_path(product_id) for product_id in product_ids}
    documents = moment.read(list(paths.values()))
    return {product_id: baseline_from(documents[path]) for product_id, path in paths.items()}


def _add(
    moves: Moves, entry: Fields, units: Mapping[str, int], counted_until: Mapping[str, datetime], until: datetime
) -> None:
    made_at = _made_at(entry, until)
    for product_id, quantity in units.items():
        if made_at >= until:
            moves.recent[product_id] += quantity
        elif made_at >= counted_until[product_id]:
            moves.passed[product_id] += quantity


def _is_act(entry: Fields) -> bool:
    return entry.get("kind") == _ADJUSTED_BY_OPERATOR


def _words_of(entry: Fields) -> str:
    return text_or_none(entry.get("note")) or ""


def _made_at(entry: Fields, unknown: datetime) -> datetime:
    return time_or_none(entry.get("createdAt")) or unknown
