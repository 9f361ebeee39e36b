"""Turns a proposal into a change: adds the notices, effects and released events that follow from it. Pure."""

from inventory.reservation import counted_apart
from inventory.stock import together
from notifications.notices import NoticeType
from orders.money import Money
from orders.operator_events import RefundOrdered
from orders.order import Order, OrderLine
from orders.outcome import in_words
from orders.shop_events import ShopEvent
from settlement.checkouts import checkout_reported
from settlement.decisions import Case, Change, Proposal
from settlement.matching import extra_in_words, is_newly_paid, newly_extra, newly_partly_funded
from settlement.notices import money_of, notices_of, price_of
from settlement.outside import expiries_of, messages_of, newly_due_back, ordered_refunds, refunds_in_words, refunds_of
from settlement.parking import released_by
from settlement.setting_aside import delay_in_words


def change_from(case: Case, proposal: Proposal) -> Change:
    """Add to the proposal its notices, effects, stock moves, released events and a human-readable reason."""
    event, before, after = case.event, case.order, proposal.order
    products = case.snapshot.products
    moves, _ = counted_apart(proposal.moves, products)
    later, _ = counted_apart(proposal.later, products)
    _, uncounted = counted_apart(together(proposal.moves, proposal.later), products)
    moved, _ = counted_apart(together(proposal.counted, proposal.moves, proposal.later), products)
    extra, due_back, entry_id = newly_extra(before, after), newly_due_back(case, after), _entry_id_of(case)
    partly_funded = newly_partly_funded(before, after)
    note = in_words(
        proposal.note,
        partly_funded,
        _uncounted_in_words(uncounted),
        extra_in_words(extra, after),
        refunds_in_words(case, after, due_back),
        _cancel_request_in_words(before, after),
        delay_in_words(case.snapshot),
    )
    to_decide = _to_decide(before, after, is_extra=bool(extra), is_partly_funded=partly_funded is not None)
    checkout = proposal.checkout or checkout_reported(case)
    notices = notices_of(event, after, proposal.notice, to_decide, extra, note, proposal.money)
    return Change(
        result=proposal.result,
        order=after,
        status_before=before.held_from if before.held_from and after.status is not before.status else before.status,
        moves=moves,
        moved=moved,
        uncounted=uncounted,
        notices=notices,
        money=_money_of(case, proposal),
        entry_id=entry_id,
        released=released_by(event, case.snapshot),
        note=note,
        dispute=proposal.dispute,
        checkout=checkout,
        later=later,
        effects=(
            *messages_of(notices, after.order_id, entry_id, case.terms),
            *refunds_of(due_back, after, entry_id),
            *ordered_refunds(proposal.refunds, after, entry_id),
            *expiries_of(case, checkout, entry_id),
        ),
    )


def _to_decide(before: Order, after: Order, *, is_extra: bool, is_partly_funded: bool) -> NoticeType | None:
    """The notice about what an operator has to decide from now on; of several, the first of these."""
    if is_extra:
        return NoticeType.SECOND_PAYMENT
    if is_partly_funded:
        return NoticeType.PARTLY_FUNDED
    return NoticeType.CANCEL_REQUESTED if _was_to_be_cancelled(before, after) else None


def _was_to_be_cancelled(before: Order, after: Order) -> bool:
    return is_newly_paid(before, after) and before.cancel_requested_at is not None


def _cancel_request_in_words(before: Order, after: Order) -> str | None:
    why = "cancel_requested: the order was to be cancelled before it was paid"
    return why if _was_to_be_cancelled(before, after) else None


def _money_of(case: Case, proposal: Proposal) -> Money | None:
    if isinstance(case.event, RefundOrdered):
        return proposal.money
    return money_of(case.event) or price_of(proposal.order)


def _entry_id_of(case: Case) -> str:
    if isinstance(case.event, ShopEvent) and case.snapshot.audited:
        # An earlier order with this id has used the event's own id for its entry.
        return f"{case.event.event_id}_{case.now:%Y%m%dT%H%M%S%f}"
    return case.event.event_id


def _uncounted_in_words(uncounted: tuple[OrderLine, ...]) -> str | None:
    gone = ", ".join(f"{line.quantity} of {line.product_id!r}" for line in uncounted)
    return f"inventory_gone: {gone} could not be counted" if gone else None
