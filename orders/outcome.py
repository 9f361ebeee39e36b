"""What became of an event: a result where the work is done, an error that says "try again" where it is not.

All errors of the service, and what each of them leads to:

    Exception
    ├── Transient                 not settled, and a retry may succeed: 503, or Eventarc delivers again
    │   ├── OrderNotThereYet      the event arrived before the write that creates its order
    │   ├── StoreContended        others kept changing the same documents
    │   ├── StoreUnavailable      the database gave no answer
    │   ├── StripeUnavailable     Stripe gave no answer or asks to wait: the same request, later (stripe_api.api)
    │   │   └── NotAsDocumented   Stripe's answer about one object cannot be read
    │   └── KeysUnavailable       Google's keys for ID tokens could not be read (checkout.certificates)
    ├── ValueError
    │   ├── Rejected              not a fresh, signed message of Stripe's: 400 (webhooks.signature)
    │   ├── NotAnEvent            signed by Stripe, but no event: 400 (webhooks.translation)
    │   ├── Misshapen             a field of a Stripe object cannot be read: 200, and parked (webhooks.stripe_fields)
    │   ├── SettingsError         a setting cannot be used: the function serves nothing, 500 (service.environment)
    │   ├── InvalidSecret         not a signing secret: becomes a SettingsError (webhooks.signing_secrets)
    │   ├── InvalidKey            not a key of Stripe's: becomes a SettingsError (stripe_api.keys)
    │   ├── InvalidOrder          an order can never be held as written: it fails (orders.validation)
    │   ├── NotAnAnswer           an HTTP answer is malformed or incomplete (database.http_answers)
    │   ├── NotACall              a request is not one of Firebase's callable protocol: 400 (checkout.callable)
    │   └── UnreadableNotice      a notice cannot be put into words (notifications.texts)
    ├── Failed                    an effect was not performed: tried again, or given up (effects.outside)
    ├── StripeRefused             Stripe refuses the request, and would again (stripe_api.api)
    │   ├── AlreadyRefunded       nothing is left to refund
    │   ├── NoSuchEvent           Stripe has no such event (any more)
    │   └── SessionNotOpen        a session cannot be expired: it is complete or expired
    ├── NotSignedIn               the caller is not signed in: 401 (checkout.claims)
    ├── CallRefused               a call is refused, with a reason for the app: 400, 404 (checkout.refusals)
    ├── NotAPost                  405 (webhooks.endpoint)
    ├── NoSecret                  nothing can be verified: 500 (webhooks.endpoint)
    ├── RequestRefused            Firestore refuses the request, or lacks an index it needs: 500 (database.errors)
    ├── AnswerTooLarge            Firestore's answer is larger than the limit: 500 (database.errors)
    ├── Uncountable               what is promised of a product cannot be counted: the request is refused (settlement)
    ├── TooMany                   a span of time holds too much: a shorter one is read (reconciliation)
    ├── OutOfTime                 a part of a run is out of time: the next run goes on (reconciliation.time_limit)
    ├── NotAnswered               the canary's delivery was not answered: repeated, it raises an alert (webhooks.canary)
    └── Refused                   an order cannot be held now: it fails (inventory.reservation)

Every other exception is a bug in the service: 500, with its trace in the log.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from orders.events import Cause


class Result(StrEnum):
    """How an event ended. The values appear in claims, audit entries, logs and answers."""

    RESERVED = "reserved"
    RESERVATION_FAILED = "reservation_failed"
    ALREADY_PLACED = "already_placed"
    HOLD_EXTENDED = "hold_extended"
    EXPIRED = "expired"
    NOT_EXPIRED = "not_expired"
    """There is nothing to release: the hold has time left or is over already."""
    FIRST_TIME_FINALIZED = "first_time_finalized"
    ALREADY_FINALIZED = "already_finalized"
    REFUND_DUE = "refund_due"
    ALREADY_REFUND_DUE = "already_refund_due"
    QUARANTINED = "quarantined"
    ALREADY_QUARANTINED = "already_quarantined"
    NOT_PAID = "not_paid"
    """The completed session does not pay for its order: it was free of charge, or sold a subscription."""
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_CANCELED = "payment_canceled"
    """A payment is over, but the order is still held for something else."""
    PARTLY_FUNDED = "partly_funded"
    """A part of a bank transfer has arrived at Stripe for an order that is over."""
    CHECKOUT_OPENED = "checkout_opened"
    CHECKOUT_NOT_OPENED = "checkout_not_opened"
    """Another call was faster, or the order has changed since the caller read it."""
    CHECKOUT_ENDING = "checkout_ending"
    """The order is to end, and its open session is ended first."""
    CHECKOUT_ENDED = "checkout_ended"
    """A session is over, and the order is still held: its customer may open another one."""
    CHECKOUT_COMPLETE = "checkout_complete"
    """The customer completed the session first: the events of the payment decide what becomes of the order."""
    ALREADY_ENDED = "already_ended"
    """The session was already on record as over."""
    AWAITING_CHECKOUT = "awaiting_checkout"
    """A payment arrived that may match, once the open session reports its total."""
    CANCELLED = "cancelled"
    CANCEL_REQUEST_RECORDED = "cancel_request_recorded"
    ALREADY_FAILED = "already_failed"
    ALREADY_EXPIRED = "already_expired"
    ALREADY_CANCELLED = "already_cancelled"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUND_RECORDED = "refund_recorded"
    """New information about a refund that moves no money, or none yet."""
    REFUND_FAILED = "refund_failed"
    """Less is refunded than intended: a refund has failed or was cancelled."""
    DISPUTE_RECORDED = "dispute_recorded"
    ALREADY_RECORDED = "already_recorded"
    """The report of a refund, dispute or cancel request is nothing new, or its order is gone."""
    OTHER_PAYMENT = "other_payment"
    """A refund of a payment that does not pay for the order."""
    ACCEPTED = "accepted"
    """An operator accepted what was paid, and the order is finalized."""
    NOT_ACCEPTED = "not_accepted"
    REFUND_ORDERED = "refund_ordered"
    """An operator ordered a refund. Stripe is asked for it, and its events report when it is done."""
    NOT_REFUNDED = "not_refunded"
    NOT_RELEASED = "not_released"
    NOT_EXTENDED = "not_extended"
    NOT_CANCELLED = "not_cancelled"
    STOCK_ADJUSTED = "stock_adjusted"
    NOT_ADJUSTED = "not_adjusted"
    RETRY_ORDERED = "retry_ordered"
    """An operator wants an effect tried again that was given up."""
    NOT_RETRIED = "not_retried"
    NOT_REPLAYED = "not_replayed"
    HANDLED = "handled"
    """An operator has handled it: an effect that was given up, a finding, or a parked event."""
    NOT_HANDLED = "not_handled"
    INVALID_REQUEST = "invalid_request"
    """An operator's request cannot be read."""
    REHEARSED = "rehearsed"
    """The request's document now shows what it would do; nothing was done. The note says how it would end."""
    EARLIER_ORDER = "earlier_order"
    """About an earlier, deleted order with the same id; the present order stays as it is."""
    UNKNOWN_STATUS = "unknown_status"
    """The order has a status that this service did not give it; the event does not change that."""
    OTHER_ACCOUNT = "other_account"
    """Set aside: an event of an account that the shop's terms do not list."""
    LIVEMODE_MISMATCH = "livemode_mismatch"
    """Set aside: an event of the mode that the shop's terms do not expect."""
    DUPLICATE_DETECTED = "duplicate_detected"
    ORDER_NOT_FOUND = "order_not_found"
    """Parked: the order did not appear in time. Settled when it does."""
    PAYMENT_NOT_FOUND = "payment_not_found"
    """Parked: the payment that a refund or dispute names is not known to have paid an order. Settled when it is."""
    ERROR = "error"
    """Parked: the event could not be read. Settled when a release that can read it receives it."""
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
"""An operator's request was not carried out; the note says why. It is on record all the same."""
SET_ASIDE: Final = frozenset({Result.OTHER_ACCOUNT, Result.LIVEMODE_MISMATCH})
"""Only recorded. Sent again once the terms accept it, the event is settled and replaces that record."""
UNSETTLED: Final = SET_ASIDE | {Result.HANDLED}
"""On record but not settled: settling it replaces that record. What a person has handled is settled only if a person
asks."""


class Outcome(NamedTuple):
    result: Result
    order_id: str | None
    note: str | None = None
    """What a person should know about it, without payloads; None if everything is as usual."""

    @property
    def ends_wait(self) -> bool:
        """Whether a parked event was settled just now; if not, it still waits, or another worker was faster."""
        return self.result not in _STILL_PARKED_OR_DONE


def in_words(*remarks: str | None) -> str | None:
    """Joins remarks for a person; None if there are none."""
    return "; ".join(remark for remark in remarks if remark) or None


_STILL_PARKED_OR_DONE: Final = frozenset({Result.ORDER_NOT_FOUND, Result.PAYMENT_NOT_FOUND, Result.DUPLICATE_DETECTED})


class Transient(Exception):
    """Not settled; a retry may succeed, and finishes what was begun. Carries ids, never payloads."""


class OrderNotThereYet(Transient):
    """Stripe's event arrived before the write that creates the order."""


class StoreContended(Transient):
    """Other workers kept changing the same documents; a retry may succeed."""


class StoreUnavailable(Transient):
    """The database gave no answer. The request may or may not have been carried out."""


class Uncountable(Exception):
    """What is promised of a product cannot be counted, now or later. The message says why, and what to do."""


Settle = Callable[[Cause, datetime], Outcome]
"""Settles one event, given the current time. Raises Transient."""
