"""One Checkout session for one order, however many calls there are at once, and wherever one of them dies.

Each call reads, then does the next step, until there is a session to show. First an attempt is claimed in our database,
with all that Stripe will be asked for. Any call that finds it asks Stripe for the same under the same key, of which
Stripe makes one session. Then its address is recorded. So no step depends on who did the one before.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from checkout.claims import Caller
from checkout.refusals import CallRefused, Status, order_id_in
from checkout.request import SESSION_MIN, CheckoutTerms, Opening, parameters_of
from checkout.steps import Ask, Claim, End, Forget, Show, next_step
from database.documents.checkouts import checkout_path, known_checkout_from, recorded_session
from database.documents.orders import order_from, order_path
from database.documents.products import listed_from, product_path
from database.store import DocumentStore
from effects.effect import bounded_key
from inventory.catalogue import Listed
from orders.checkout import Checkout, CheckoutState
from orders.frozen import frozen
from orders.order import Order
from orders.outcome import Result, Settle, StoreContended, Transient
from orders.shop_events import CheckoutEnded, CheckoutOpened
from settlement.settle import Patience
from settlement.snapshot import KnownCheckout
from stripe_api.api import Session, SessionNotOpen, StripeApi, StripeRefused, StripeUnavailable

STEPS_MAX: Final = 8
"""An outdated attempt is ended, and the next one claimed, asked for and shown; with bad luck, twice."""
PAUSE_SECONDS_MAX: Final = 2.0
"""Longer than for the database, which is never as busy: Stripe asks those that it limits to slow down, exponentially
(https://docs.stripe.com/rate-limits)."""


def key_of(order_id: str, attempt: int, shop_id: str | None) -> str:
    """Stripe's idempotency key for the session of an attempt, which never changes.

    Stripe keeps keys by account, and another shop on the account may have an order with the same id.
    """
    return bounded_key(f"checkout_{order_id}_{attempt}" + (f":{shop_id}" if shop_id else ""))


@frozen
class CheckoutSessions:
    """Opens the sessions in which customers pay for their orders, and ends outdated ones."""

    store: DocumentStore
    settle: Settle
    stripe: StripeApi
    terms: CheckoutTerms
    hold_max: timedelta
    """The longest that units stay held for an unpaid order."""
    shop_id: str | None
    patience: Patience

    def open(self, data: object, caller: Caller, now: datetime, known: dict[str, str]) -> Mapping[str, object]:
        """Open a session for the order in `data`: returns `{"url": …}`, or `{"clientSecret": …}` if embedded.

        Raises:
            CallRefused: the caller cannot pay for the order.
            Transient: not done in time, or Stripe asks to wait; the next call goes on where this one ended.
        """
        order_id = order_id_in(data)
        known["orderId"] = order_id
        lost: Transient | None = None
        for seconds_left in self.patience.tries():
            call = _Call(self, order_id, caller, now, seconds_left())
            try:
                return call.shown()
            except Transient as error:
                if isinstance(error, StripeUnavailable) and error.retry_after:
                    # Seconds at least: by then the app calls again.
                    raise
                lost = error
        raise lost or StoreContended(f"{order_id}: no session in time")


@frozen
class _Call:
    """One customer's call, step by step."""

    sessions: CheckoutSessions
    order_id: str
    caller: Caller
    now: datetime
    seconds: float

    def shown(self) -> Mapping[str, object]:
        for _ in range(STEPS_MAX):
            order, known = self._read()
            latest = known.checkout if known else None
            match next_step(order, latest, self.caller, self.now, self.sessions.hold_max):
                case Show(checkout=checkout):
                    return _answer_of(checkout)
                case Claim() as claim:
                    self._claim(claim)
                case Ask(checkout=checkout) if known:
                    self._ask(checkout, known)
                case End(checkout=checkout):
                    self._end(checkout)
                case Forget(checkout=checkout):
                    self._settle_end(checkout)
        raise StoreContended(f"{self.order_id}: others keep changing its session")

    def _read(self) -> tuple[Order | None, KnownCheckout | None]:
        order, checkout = order_path(self.order_id), checkout_path(self.order_id)
        documents = self.sessions.store.read((order, checkout), timeout_seconds=self.seconds)
        found, known = documents[order], documents[checkout]
        return order_from(self.order_id, found.fields) if found else None, known_checkout_from(known) if known else None

    def _claim(self, claim: Claim) -> None:
        order, terms = claim.order, self.sessions.terms
        opening = Opening(order, claim.attempt, claim.asked, self._listed(order), claim.expires_at, self.caller.email)
        request = parameters_of(opening, terms, self.sessions.shop_id)
        checkout = Checkout(claim.attempt, claim.asked, terms.adds, claim.expires_at, is_marked=True, request=request)
        outcome = self.sessions.settle(CheckoutOpened(self.order_id, self.caller.user_id, checkout), self.now)
        if outcome.result is not Result.CHECKOUT_OPENED:
            # Another call was faster, with this attempt or something else: read again, after a pause.
            raise StoreContended(f"{self.order_id}: {outcome.note or outcome.result}")

    def _ask(self, checkout: Checkout, known: KnownCheckout) -> None:
        stripe, key = self.sessions.stripe, key_of(self.order_id, checkout.attempt, self.sessions.shop_id)
        try:
            session = stripe.create_session(checkout.request or {}, key=key)
        except StripeRefused as refused:
            # The same request would be refused again: the attempt is over without a session.
            self._settle_end(checkout)
            if checkout.expires_at - self.now >= SESSION_MIN:
                raise _not_possible(refused) from refused
            # Only this attempt was too old: the next one may succeed.
            return
        self._record(checkout, known, session)

    def _record(self, checkout: Checkout, known: KnownCheckout, session: Session) -> None:
        answered = replace(
            checkout,
            request=None,
            session_id=session.session_id,
            url=session.url,
            client_secret=session.client_secret,
            expires_at=session.expires_at,
        )
        write = recorded_session(self.order_id, answered, known.version, self.now)
        try:
            self.sessions.store.commit((write,), timeout_seconds=self.seconds)
        except StoreContended:
            self._leave_no_orphan(checkout, session)
            raise

    def _leave_no_orphan(self, asked_for: Checkout, session: Session) -> None:
        """End the session of an attempt that was ended meanwhile, although nobody has its address."""
        _, known = self._read()
        latest = known.checkout if known else None
        is_the_latest = latest and latest.attempt == asked_for.attempt and latest.state is CheckoutState.OPEN
        if not is_the_latest:
            self._expired(session.session_id)

    def _end(self, checkout: Checkout) -> None:
        ended = self._expired(checkout.session_id or "")
        if ended.status == "complete":
            details = {"status": "reserved", "reason": "payment_under_way"}
            raise CallRefused(Status.FAILED_PRECONDITION, "the order's session has been completed", details)
        self._settle_end(checkout)

    def _expired(self, session_id: str) -> Session:
        """Expire the session, and return it as it is then."""
        try:
            return self.sessions.stripe.expire_session(session_id, key=f"expire_{session_id}")
        except SessionNotOpen as over:
            return over.session

    def _settle_end(self, checkout: Checkout) -> None:
        self.sessions.settle(CheckoutEnded(self.order_id, checkout.attempt), self.now)

    def _listed(self, order: Order) -> Mapping[str, Listed]:
        paths = {product_path(product_id): product_id for product_id in order.product_ids}
        documents = self.sessions.store.read(tuple(paths), timeout_seconds=self.seconds)
        return {
            product_id: listed_from(document.fields)
            for path, product_id in paths.items()
            if (document := documents[path])
        }


def _answer_of(checkout: Checkout) -> Mapping[str, object]:
    return {"clientSecret": checkout.client_secret} if checkout.client_secret else {"url": checkout.url}


def _not_possible(refused: StripeRefused) -> CallRefused:
    return CallRefused(
        Status.FAILED_PRECONDITION,
        "Stripe refuses to open a session for this order",
        {"status": "reserved", "reason": "refused_by_stripe"},
        severity="ERROR",
        note=str(refused),
    )
