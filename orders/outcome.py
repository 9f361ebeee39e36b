"""What became of an event: a result where the work is done, an error that says "try again" where it is not.

All errors of the service, and what each of them leads to:

    Exception
    ├── Transient                 not settled, and trying again may win: 503, or Eventarc delivers again
    │   ├── OrderNotThereYet      the event outran the write that creates its order
    │   ├── StoreContended        others kept changing the same documents
    │   ├── StoreUnavailable      the database gave no answer
    │   ├── StripeUnavailable     Stripe gave none, or asks for patience: the same again, later (stripe_api.api)
    │   │   └── NotAsDocumented   it gave one that cannot be read, of one thing
    │   └── KeysUnavailable       Google did not say with which keys it signs ID tokens (checkout.certificates)
    ├── ValueError
    │   ├── Rejected              not a fresh, signed message of Stripe's: 400 (webhooks.signature)
    │   ├── NotAnEvent            signed by Stripe, but no event: 400 (webhooks.translation)
    │   ├── Misshapen             a field of a Stripe object cannot be read: 200, and parked (webhooks.stripe_fields)
    │   ├── SettingsError         a setting cannot be used: the function serves nothing, 500 (service.environment)
    │   ├── InvalidSecret         a text is no signing secret: becomes a SettingsError (webhooks.signing_secrets)
    │   ├── InvalidKey            a text is no key of Stripe's: becomes a SettingsError (stripe_api.keys)
    │   ├── InvalidOrder          an order can never be held as written: it fails (orders.validation)
    │   ├── NotAnAnswer           what came in over HTTP is no answer, or not a whole one (database.http_answers)
    │   ├── NotACall              a request is not one of Firebase's callable protocol: 400 (checkout.callable)
    │   └── UnreadableNotice      a notice cannot be put into words (notifications.texts)
    ├── Failed                    an effect was not performed: tried again, or given up (effects.outside)
    ├── StripeRefused             Stripe refuses what is asked, and would again (stripe_api.api)
    │   ├── AlreadyRefunded       nothing is left to refund
    │   ├── NoSuchEvent           Stripe knows no such event, or none any more
    │   └── SessionNotOpen        a session cannot be expired: it is complete, or has expired
    ├── NotSignedIn               nobody is known to call: 401 (checkout.claims)
    ├── CallRefused               a call has no result, and says why to the app: 400, 404 (checkout.refusals)
    ├── NotAPost                  405 (webhooks.endpoint)
    ├── NoSecret                  nothing can be verified: 500 (webhooks.endpoint)
    ├── RequestRefused            Firestore refuses what is asked, or lacks what it takes: 500 (database.errors)
    ├── AnswerTooLarge            Firestore says more than there is use for: 500 (database.errors)
    ├── Uncountable               what is promised of a product cannot be counted: the request is refused (settlement)
    ├── TooMany                   a span of time has more in it than fits: a shorter one is looked at (reconciliation)
    ├── OutOfTime                 a part of a run has no more time: the next run goes on (reconciliation.time_limit)
    ├── NotAnswered               the canary's delivery has no answer: an alert, in time (webhooks.canary)
    └── Refused                   an order cannot be held now: it fails (inventory.reservation)

Every other exception is a bug in the service: 500, with its trace in the log.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from orders.events import Cause


class Result(StrEnum):
    """How an event ended. The words appear in claims, audit entries, logs and answers."""

    RESERVED = "reserved"
    RESERVATION_FAILED = "reservation_failed"
    ALREADY_PLACED = "already_placed"
    HOLD_EXTENDED = "hold_extended"
    EXPIRED = "expired"
    NOT_EXPIRED = "not_expired"
    """Nothing to release: the hold has time left, or is none any more."""
    FIRST_TIME_FINALIZED = "first_time_finalized"
    ALREADY_FINALIZED = "already_finalized"
    REFUND_DUE = "refund_due"
    ALREADY_REFUND_DUE = "already_refund_due"
    QUARANTINED = "quarantined"
    ALREADY_QUARANTINED = "already_quarantined"
    NOT_PAID = "not_paid"
    """A session was completed that does not pay for its order: it was free of charge, or sold a subscription."""
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_CANCELED = "payment_canceled"
    """A payment is over. Another one is on its way, so the order is not."""
    CHECKOUT_OPENED = "checkout_opened"
    CHECKOUT_NOT_OPENED = "checkout_not_opened"
    """Somebody was faster, or the order is not what it was when the caller looked."""
    CHECKOUT_ENDING = "checkout_ending"
    """The order is to end, and its open session is ended first."""
    CHECKOUT_ENDED = "checkout_ended"
    """A session is over, and the order is still held: its customer may open another one."""
    CHECKOUT_COMPLETE = "checkout_complete"
    """The customer was faster: the events of their payment decide what becomes of the order."""
    ALREADY_ENDED = "already_ended"
    """It was on record that the session is over."""
    AWAITING_CHECKOUT = "awaiting_checkout"
    """Money came that may be right, once the open session says what it has cost."""
    CANCELLED = "cancelled"
    CANCEL_REQUEST_RECORDED = "cancel_request_recorded"
    ALREADY_FAILED = "already_failed"
    ALREADY_EXPIRED = "already_expired"
    ALREADY_CANCELLED = "already_cancelled"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUND_RECORDED = "refund_recorded"
    """Something new of a refund that moves no money, or not yet."""
    REFUND_FAILED = "refund_failed"
    """Less goes back than was to: a refund has failed, or was cancelled."""
    DISPUTE_RECORDED = "dispute_recorded"
    ALREADY_RECORDED = "already_recorded"
    """A refund, a dispute or a cancel request said nothing new, or its order is gone."""
    OTHER_PAYMENT = "other_payment"
    """A refund of a payment that the order is not paid with."""
    ACCEPTED = "accepted"
    """An operator took what was paid for what is asked, and the order is finalized."""
    NOT_ACCEPTED = "not_accepted"
    REFUND_ORDERED = "refund_ordered"
    """An operator wants money sent back. Stripe is asked for it, and its events say when it is refunded."""
    NOT_REFUNDED = "not_refunded"
    NOT_RELEASED = "not_released"
    NOT_EXTENDED = "not_extended"
    NOT_CANCELLED = "not_cancelled"
    STOCK_ADJUSTED = "stock_adjusted"
    NOT_ADJUSTED = "not_adjusted"
    RETRY_ORDERED = "retry_ordered"
    """An operator wants something tried again that had to be done outside, and was given up."""
    NOT_RETRIED = "not_retried"
    NOT_REPLAYED = "not_replayed"
    HANDLED = "handled"
    """An operator says that it needs nobody any more: something given up, a finding, or an event that was parked."""
    NOT_HANDLED = "not_handled"
    INVALID_REQUEST = "invalid_request"
    """An operator's request cannot be read as one."""
    REHEARSED = "rehearsed"
    """What an operator's request would do is on it, and nothing is done; the note says how it would end."""
    EARLIER_ORDER = "earlier_order"
    """About an order that had the same id before, and was deleted; the one that has it now stays as it is."""
    UNKNOWN_STATUS = "unknown_status"
    """The order carries a status that this service has not given it; the event changes nothing there."""
    OTHER_ACCOUNT = "other_account"
    """Set aside: an event of an account that the shop's terms do not list."""
    LIVEMODE_MISMATCH = "livemode_mismatch"
    """Set aside: an event of the mode that the shop's terms do not expect."""
    DUPLICATE_DETECTED = "duplicate_detected"
    ORDER_NOT_FOUND = "order_not_found"
    """Parked: the order did not appear in time. Settled when it does."""
    PAYMENT_NOT_FOUND = "payment_not_found"
    """Parked: no order is known to have been paid by the payment that a refund or dispute names. Settled with it."""
    ERROR = "error"
    """Parked: the event could not be read. Settled when it is delivered to a release that can."""
    IGNORED = "ignored"


REQUESTS_REFUSED: Final = frozenset(
    {
        Result.NOT_ACCEPTED,
        Result.NOT_REFUNDED,
        Result.NOT_RELEASED,
        Result.NOT_EXTENDED,
        Result.NOT_CANCELLED,
        Result.NOT_ADJUSTED,
        Result.NOT_RETRIED,
        Result.NOT_REPLAYED,
        Result.NOT_HANDLED,
        Result.INVALID_REQUEST,
    }
)
"""What an operator asked for was not done; the note says why. It is on record all the same."""
SET_ASIDE: Final = frozenset({Result.OTHER_ACCOUNT, Result.LIVEMODE_MISMATCH})
"""Recorded, and settled in the place of that record when the event is sent again to terms that take it."""
UNSETTLED: Final = SET_ASIDE | {Result.HANDLED}
"""On record without being settled, so that what settles it takes the place of that record. What a person has handled,
only a person has settled after all."""


class Outcome(NamedTuple):
    result: Result
    order_id: str | None
    note: str | None = None
    """What a person should know of it, without a payload; None where all is as usual."""

    @property
    def ends_wait(self) -> bool:
        """Of an event that was parked: whether it was settled just now. If not, it waits, or others were faster."""
        return self.result not in _STILL_PARKED_OR_DONE


def in_words(*remarks: str | None) -> str | None:
    """Several remarks for a person as one; None if there is none."""
    return "; ".join(remark for remark in remarks if remark) or None


_STILL_PARKED_OR_DONE: Final = frozenset({Result.ORDER_NOT_FOUND, Result.PAYMENT_NOT_FOUND, Result.DUPLICATE_DETECTED})


class Transient(Exception):
    """Not settled, and trying again may win; what was begun is finished then. Carries ids, never payloads."""


class OrderNotThereYet(Transient):
    """Stripe outran the write that creates the order."""


class StoreContended(Transient):
    """Others kept changing the same documents; a retry may win."""


class StoreUnavailable(Transient):
    """The database gave no answer. What was asked of it may or may not have been done."""


class Uncountable(Exception):
    """What is promised of a product cannot be counted, and could not the next time; says why, and what to do."""


Settle = Callable[[Cause, datetime], Outcome]
"""Settles one event, given the present time. Raises Transient."""
