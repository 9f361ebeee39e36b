"""Checkout sessions at Stripe in one history: made once per key, open for a while, paid at most once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stripe_api.api import Session, SessionNotOpen, StripeRefused

_OPEN_AT_LEAST: Final = timedelta(minutes=30)
_OPEN_AT_MOST: Final = timedelta(hours=24)
"""From its creation: https://docs.stripe.com/api/checkout/sessions/create."""
_URL: Final = "https://pay.example/"


@dataclass(frozen=True, slots=True)
class StripeSession:
    session_id: str
    order_id: str
    key: str
    subtotal: int
    """Of its lines, in cents."""
    made_at: datetime
    expires_at: datetime
    attempt: int
    """As its payments will name it."""
    status: str = "open"

    @property
    def answer(self) -> Session:
        url = f"{_URL}{self.session_id}" if self.status == "open" else None
        return Session(self.session_id, self.status, self.expires_at, url)


class StripeSessions:
    def __init__(self) -> None:
        self.by_id: dict[str, StripeSession] = {}
        self.shown: list[str] = []
        """Those whose address a customer was given, the latest last."""
        self.wrongs: list[str] = []

    def create(self, request: Mapping[str, Any], key: str, at: datetime) -> Session | StripeRefused:
        """The session, made now unless it was made under this key before; it is answered as it was when it was made."""
        known = next((each for each in self.by_id.values() if each.key == key), None)
        if known and at - known.made_at < _OPEN_AT_MOST:
            return replace(known, status="open").answer
        expires_at = datetime.fromtimestamp(request["expires_at"], UTC)
        if not _OPEN_AT_LEAST <= expires_at - at <= _OPEN_AT_MOST:
            return StripeRefused("expires_at is too soon, or too late", "parameter_invalid_integer")
        order_id = request["client_reference_id"]
        if others := [each.session_id for each in self.of_order(order_id) if self.is_open(each.session_id, at)]:
            self.wrongs.append(f"{order_id}: a session is made while {others} is open")
        subtotal = sum(each["quantity"] * each["price_data"]["unit_amount"] for each in request["line_items"])
        session_id = f"cs_{order_id}_{len(self.by_id) + 1}"
        attempt = int(request["payment_intent_data"]["metadata"]["checkout"])
        made = self.by_id[session_id] = StripeSession(session_id, order_id, key, subtotal, at, expires_at, attempt)
        return made.answer

    def expire(self, session_id: str, at: datetime) -> Session | SessionNotOpen:
        self.lapse(at)
        session = self.by_id[session_id]
        if session.status != "open":
            return SessionNotOpen(session.answer)
        return self._become(session, "expired").answer

    def complete(self, order_id: str, at: datetime) -> StripeSession | None:
        """The customer pays in the session that they were shown last, if they still can."""
        shown = [each for each in self.shown if self.by_id[each].order_id == order_id]
        if not shown or not self.is_open(shown[-1], at):
            return None
        return self._become(self.by_id[shown[-1]], "complete")

    def lapse(self, at: datetime) -> Sequence[StripeSession]:
        """Those whose time is out by now, and was not before."""
        lapsed = (each for each in self.by_id.values() if each.status == "open" and each.expires_at <= at)
        return [self._become(each, "expired") for each in list(lapsed)]

    def show(self, url: object) -> None:
        self.shown.append(str(url).removeprefix(_URL))

    def is_open(self, session_id: object, at: datetime) -> bool:
        session = self.by_id.get(str(session_id))
        return session is not None and session.status == "open" and at < session.expires_at

    def of_order(self, order_id: str) -> Sequence[StripeSession]:
        return [each for each in self.by_id.values() if each.order_id == order_id]

    def _become(self, session: StripeSession, status: str) -> StripeSession:
        after = self.by_id[session.session_id] = replace(session, status=status)
        return after
