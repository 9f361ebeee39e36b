"""A thousand notices while one call in ten fails: each arrives, and by Resend exactly once."""

import json
import random
import smtplib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import Message
from typing import Final

import pytest

from database.documents.notifications import notice_path
from database.store import Committed, Document, Write
from effects.effect import EffectKind, a_message
from effects.outside import Failed
from notifications.delivery import Delivery
from notifications.mail.channel import channel_from
from notifications.mail.mail import Mail
from notifications.mail.smtp import SmtpTransport
from notifications.notices import Audience
from notifications.posting import Answer, Post
from notifications.shop import Shop
from orders.outcome import StoreUnavailable, Transient
from tests.support.channels import a_kit
from tests.support.effects import Outbox
from tests.support.memory_store import MemoryStore
from tests.support.notices import a_document

NOTICES: Final = 1_000
FAILING: Final = 0.1
FROM: Final = {"MAIL_FROM": "Corner Shop <orders@shop.example>", "MAIL_SECRET": "re_1"}
SWEEP: Final = timedelta(minutes=5)
EFFECTS: Final = [a_message(EffectKind.MAIL, "customer", f"order-{n}", f"evt_{n}", "alice") for n in range(NOTICES)]
"""One effect for each notice."""


class LossyStore(MemoryStore):
    """One in ten of its calls fails; half of those were carried out."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.lost = 0

    def read(self, paths: Sequence[str], *, timeout_seconds: float) -> Mapping[str, Document | None]:
        self._perhaps_lose()
        return super().read(paths, timeout_seconds=timeout_seconds)

    def commit(self, writes: Sequence[Write], *, timeout_seconds: float) -> Committed:
        is_carried_out = self.chance.random() < 0.5
        committed = super().commit(writes, timeout_seconds=timeout_seconds) if is_carried_out else None
        self._perhaps_lose()
        return committed or super().commit(writes, timeout_seconds=timeout_seconds)

    def _perhaps_lose(self) -> None:
        if self.chance.random() < FAILING:
            self.lost += 1
            raise StoreUnavailable("no answer")


@dataclass
class Outside:
    """Replaces the network: a call fails before or after its work, or is told to come later."""

    chance: random.Random
    delivered: Counter[str] = field(default_factory=Counter)
    """How often each mail arrived, by subject."""
    known: dict[str, object] = field(default_factory=dict)
    """What Resend was asked, by key."""
    failures: Counter[str] = field(default_factory=Counter)

    def fails(self) -> str | None:
        if self.chance.random() >= FAILING:
            return None
        how = self.chance.choice(("before", "after", "refused"))
        self.failures[how] += 1
        return how

    def answer_to(self, post: Post, provider: str) -> Answer:
        """Resend's answer."""
        how, key = self.fails(), post.headers["Idempotency-Key"]
        if how == "refused":
            return Answer(self.chance.choice((429, 500, 503)), b"{}")
        if how != "before":
            if key not in self.known:
                self.delivered[json.loads(post.body)["subject"]] += 1
            assert self.known.setdefault(key, post.body) == post.body
        if how:
            raise Failed(f"{provider} does not answer", retryable=True)
        return Answer(200, b'{"id": "1"}')

    def sendmail(self, _sender: str, _to: Sequence[str], message: bytes) -> Mapping[str, tuple[int, bytes]]:
        """An SMTP server's answer."""
        how = self.fails()
        if how == "refused":
            raise smtplib.SMTPDataError(self.chance.choice((421, 450, 451)), b"later")
        if how != "before":
            self.delivered[message.decode().removeprefix("Subject: ").strip()] += 1
        if how:
            raise smtplib.SMTPServerDisconnected
        return {}


def _subject_alone(_: SmtpTransport, mail: Mail, _key: str) -> Message:
    """Replaces the whole message, which other tests check: a thousand would take long."""
    message = Message()
    message["Subject"] = mail.subject
    return message


class _Session:
    """A session at an SMTP server, without the network."""

    def __init__(self, outside: Outside) -> None:
        self.sendmail = outside.sendmail

    def login(self, *_: object) -> None: ...
    def starttls(self, *_: object, **__: object) -> None: ...
    def quit(self) -> None: ...
    def close(self) -> None: ...


def performed(outbox: Outbox) -> int:
    """Sweep until everything is over; returns the number of sweeps."""
    for sweeps in range(24 * 60 // 5):
        due = outbox.store.due_effects(outbox.now)
        for effect_id in due:
            # Then its lease ends, or it was never begun.
            with suppress(Transient):
                outbox.effects.perform(effect_id)
        if not due and states_in(outbox) <= {"SUCCESS", "ERROR"}:
            return sweeps
        outbox.now += SWEEP
    raise AssertionError(f"not over after a day: {states_in(outbox)}")


def states_in(outbox: Outbox) -> set[str]:
    return {outbox.fields(effect)["state"] for effect in EFFECTS}


def an_outbox(environment: Mapping[str, str], store: LossyStore) -> Outbox:
    """Mail for alice, by the transport in the settings."""
    channel = channel_from(a_kit({**FROM, **environment}, store=store))
    outbox = Outbox(store, Delivery(EffectKind.MAIL, channel, store, Shop(), None, lambda: outbox.now))
    store.put("users/alice", {"email": "alice@mail.example"})
    for effect in EFFECTS:
        outbox.put(effect)
        store.put(notice_path(Audience.CUSTOMER, "alice", effect.cause_id), a_document(order_id=effect.order_id))
    return outbox


def run(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], seed: int) -> Outside:
    chance = random.Random(seed)  # noqa: S311 - it guards nothing
    outside, store = Outside(chance), LossyStore(chance)
    monkeypatch.setattr("notifications.mail.resend.answer_to", outside.answer_to)
    monkeypatch.setattr("notifications.mail.smtp._opened", lambda *_: _Session(outside))
    monkeypatch.setattr(SmtpTransport, "message", _subject_alone)
    outbox = an_outbox(environment, store)
    assert performed(outbox) > 1
    assert store.lost > NOTICES / 10
    assert all(outside.failures[how] > NOTICES / 100 for how in ("before", "after", "refused"))
    assert states_in(outbox) == {"SUCCESS"}
    assert outside.delivered.keys() == {f"Your order order-{n} is paid" for n in range(NOTICES)}
    return outside


def test_each_arrives_once_by_resend(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = run(monkeypatch, {"MAIL_TRANSPORT": "resend"}, seed=1)
    assert set(outside.delivered.values()) == {1}


def test_each_arrives_by_smtp_and_only_what_nobody_answered_for_arrives_again(monkeypatch: pytest.MonkeyPatch) -> None:
    smtp = {"MAIL_TRANSPORT": "smtp", "SMTP_HOST": "smtp.example", "SMTP_USER": "shop"}
    outside = run(monkeypatch, smtp, seed=1)
    assert max(outside.delivered.values()) > 1
    # Repeated because no answer came, or the attempt's end could not be recorded.
    assert outside.delivered.total() - NOTICES < NOTICES / 5
