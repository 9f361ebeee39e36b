"""Delivers notices by one channel: reads what to say and to whom, respects who wants no messages, and sends it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from database.documents.notifications import notice_path
from database.documents.orders import order_from, order_path
from database.documents.users import contact_from, guest_email_from, order_details_path, user_path
from database.store import Document, DocumentStore, Update
from effects.effect import Effect, EffectKind, bounded_key
from effects.outside import Failed, Postponed, Skipped
from notifications.channel import Channel, Person
from notifications.notices import FREE_OF_CHARGE, Audience, NoticeType
from notifications.shop import Shop
from notifications.texts import UnreadableNotice, text_of
from orders.frozen import frozen
from orders.order import PAID, OrderStatus
from orders.outcome import Transient

READ_SECONDS_MAX: Final = 5.0
MARK_SECONDS_MAX: Final = 2.0
"""For each of the two calls that mark a notice as delivered."""

_QUIETABLE: Final = frozenset({EffectKind.PUSH, EffectKind.SMS})
"""These make a phone ring; a mail waits until it is read."""
_OPERATORS: Final = Person(user_id=None, locale=None, emails=(), phone=None)
"""Their addresses are a setting of each channel, and texts use the shop's locale."""
_GONE: Final = Skipped("the notice is gone")


@frozen
class Delivery:
    """The performer of one kind of messages."""

    kind: EffectKind
    channel: Channel
    store: DocumentStore
    shop: Shop
    shop_id: str | None
    now: Callable[[], datetime]

    def prepare(self, effect: Effect, now: datetime, /) -> Mapping[str, object] | Skipped | Postponed:
        """The message, in the recipient's language; Skipped if the customer is gone or wants none, or it is outdated.

        Raises:
            Failed: this release has no text for the notice, or the channel cannot send it.
            Transient: the database did not return the notice.
        """
        if effect.recipient == Audience.OPERATOR:
            notice = self._read(_notice_path(effect))[0]
            return self._message(notice, _OPERATORS)
        if effect.user_id is None:
            return Skipped("the order names no customer")
        return self._to_customer(effect, effect.user_id, now)

    def perform(self, effect: Effect, payload: Mapping[str, object], /) -> Skipped | None:
        """Send it, and mark the notice as delivered on first delivery.

        Returns:
            Why the customer cannot be reached, if that shows only now.

        Raises:
            Failed: it was not sent, or that is unknown. It alerts operators unless the notice costs its customer
                nothing. Otherwise anybody could alert them as often as they like, with an address or a device that no
                provider accepts.
        """
        try:
            skipped = self.channel.send(payload, self._key_of(effect))
        except Failed as failed:
            failed.alerts = not self._is_free_of_charge(effect)
            raise
        if skipped is None:
            self._mark(_notice_path(effect))
        return skipped

    def _key_of(self, effect: Effect) -> str:
        """The effect's key, different in each shop: several may use one account, and have orders with the same id."""
        return bounded_key(f"{effect.key}:{self.shop_id}") if self.shop_id else effect.key

    def _to_customer(self, effect: Effect, user_id: str, now: datetime) -> Mapping[str, object] | Skipped | Postponed:
        order_id = effect.order_id
        notice, user, details, order = self._read(
            _notice_path(effect), user_path(user_id), order_details_path(order_id), order_path(order_id)
        )
        # Checked before quiet hours, which may cover every hour of the sweep.
        if notice is None:
            return _GONE
        if _is_outdated(notice, order_id, order):
            return Skipped("the order no longer waits for a payment")
        contact = contact_from(user)
        if self.kind in contact.refused:
            return Skipped(f"the customer wants no {self.kind}")
        if self.kind in _QUIETABLE and contact.quiet_hours and (over := contact.quiet_hours.over_at(now)):
            return Postponed(over)
        email = contact.email or _guest_email(details, user_id, notice)
        return self._message(notice, Person(user_id, contact.locale, (email,) if email else (), contact.phone))

    def _read(self, *paths: str) -> Sequence[Document | None]:
        """The documents, all as of one moment."""
        documents = self.store.read(paths, timeout_seconds=READ_SECONDS_MAX)
        return [documents[path] for path in paths]

    def _message(self, notice: Document | None, person: Person) -> Mapping[str, object] | Skipped:
        if notice is None:
            return _GONE
        try:
            text = text_of(notice.fields, locale=person.locale, shop=self.shop)
        except UnreadableNotice as error:
            raise Failed(f"the notice cannot be read: {error}", retryable=False) from None
        return self.channel.message(text, notice.fields, person)

    def _is_free_of_charge(self, effect: Effect) -> bool:
        """Whether the notice costs the customer nothing to cause; False if the database does not answer."""
        path = _notice_path(effect)
        try:
            return _is_free_of_charge(self.store.read((path,), timeout_seconds=MARK_SECONDS_MAX)[path])
        except Transient:
            return False

    def _mark(self, path: str) -> None:
        """Only on first delivery, and only if it is easy: nothing may be sent again for lack of a recorded time."""
        try:
            notice = self.store.read((path,), timeout_seconds=MARK_SECONDS_MAX)[path]
            if notice and notice.fields.get("deliveredAt") is None:
                update = Update(path, {"deliveredAt": self.now()}, notice.version)
                self.store.commit((update,), timeout_seconds=MARK_SECONDS_MAX)
        except Transient:
            pass


def _is_outdated(notice: Document, order_id: str, order: Document | None) -> bool:
    """Whether the notice asks the customer to pay, and is late: the order is paid, or no longer held for them."""
    status = order_from(order_id, order.fields).settled_status if order else None
    match notice.fields.get("type"):
        case NoticeType.RESERVED:
            return status is not OrderStatus.RESERVED
        case NoticeType.PAYMENT_FAILED:
            return status in PAID
        case _:
            return False


def _guest_email(details: Document | None, user_id: str, notice: Document) -> str | None:
    """A guest's address, used only once there is money: nobody has verified whose it is.

    Otherwise anybody could make the shop mail any address, any number of times, with their own text in the ids of
    products that do not exist.
    """
    return None if _is_free_of_charge(notice) else guest_email_from(details, user_id)


def _is_free_of_charge(notice: Document | None) -> bool:
    return notice is not None and notice.fields.get("type") in FREE_OF_CHARGE


def _notice_path(effect: Effect) -> str:
    return notice_path(Audience(effect.recipient), effect.user_id, effect.cause_id)
