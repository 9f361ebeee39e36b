"""A channel that records what it is given, and deliveries by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from database.documents.notifications import notice_path
from database.store import Queries
from effects.effect import Effect, EffectKind, a_message
from effects.outside import Postponed, Skipped
from notifications.channel import Person
from notifications.channels import ChannelKit
from notifications.delivery import Delivery
from notifications.notices import Audience
from notifications.outbox import Outbox
from notifications.shop import Shop
from notifications.texts import Text
from tests.support.builders import NOW, a_reserved_order
from tests.support.memory_store import MemoryStore
from tests.support.notices import a_document

CUSTOMERS_NOTICE = notice_path(Audience.CUSTOMER, "alice", "evt_1")
DELIVERED = NOW + timedelta(seconds=3)


def a_kit(
    environment: Mapping[str, str], *, outbox: Outbox | None = None, store: MemoryStore | None = None
) -> ChannelKit:
    """What a channel is made from, with only these settings."""
    return ChannelKit(environment, store or MemoryStore(), no_queries, "shop-project", outbox, lambda: NOW)


def no_queries() -> Queries:
    raise AssertionError("no channel asks queries")


@dataclass
class Remembering:
    """Says what the test says, or else sends the text's subject; records what it is given."""

    says: Mapping[str, object] | Skipped | None = None
    asked: list[tuple[Text, Mapping[str, object], Person]] = field(default_factory=list)
    sent: list[tuple[Mapping[str, object], str]] = field(default_factory=list)
    ends: Skipped | None = None
    """The result of sending."""
    while_sending: Callable[[], object] = lambda: None

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object] | Skipped:
        self.asked.append((text, notice, person))
        return {"subject": text.subject} if self.says is None else self.says

    def send(self, message: Mapping[str, object], key: str) -> Skipped | None:
        self.while_sending()
        self.sent.append((message, key))
        return self.ends


@dataclass
class Delivered:
    """A notice of a paid order, and its delivery by a channel."""

    kind: EffectKind = EffectKind.MAIL
    audience: Audience = Audience.CUSTOMER
    user_id: str | None = "alice"
    channel: Remembering = field(default_factory=Remembering)
    store: MemoryStore = field(default_factory=lambda: MemoryStore({CUSTOMERS_NOTICE: a_document()}))
    status: str = "reserved"
    """The order's."""

    def __post_init__(self) -> None:
        self.store.put("orders/order-1", a_reserved_order(status=self.status))

    @property
    def effect(self) -> Effect:
        return a_message(self.kind, self.audience, "order-1", "evt_1", self.user_id)

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.kind, self.channel, self.store, Shop(name="Corner Shop"), None, lambda: DELIVERED)

    def prepare(self, now: datetime = NOW) -> Mapping[str, object] | Skipped | Postponed:
        return self.delivery.prepare(self.effect, now)

    @property
    def person(self) -> Person:
        """Whom the channel was last asked to reach."""
        return self.channel.asked[-1][2]
