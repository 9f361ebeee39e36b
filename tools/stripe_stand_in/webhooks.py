"""Sends the account's events to the shop's webhook, signed, until answered 200 or given up."""

import json
import queue
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tools.deliveries import deliver
from tools.posting import NotAnswered
from tools.stripe_events import Json, thin_event_of

RETRY_SECONDS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
"""The pauses between attempts. Stripe's are longer, and go on for three days."""
FORMS: Final = ("snapshot", "thin")
ORDERS: Final = ("as_created", "reversed", "shuffled", "at_once")


@dataclass(frozen=True, slots=True)
class Habits:
    """How events are sent."""

    order: str = "as_created"
    """The order in which one request's events are sent; one of ORDERS."""
    seed: int = 0
    """For shuffling."""
    lose: Sequence[str] = ()
    """The event types that are never sent."""
    copies: int = 1
    """How often each event is sent, even after a 200."""
    forms: Sequence[str] = ("snapshot",)
    """The forms in which each event is sent; of FORMS."""

    def __post_init__(self) -> None:
        if self.order not in ORDERS or not set(self.forms) <= set(FORMS):
            raise ValueError(f"an order is one of {ORDERS}, forms are of {FORMS}")

    def messages(self, events: Sequence[Json]) -> list[Json]:
        """The messages to send for these events, in order."""
        sent = [event for event in events if event["type"] not in self.lose]
        messages = [_in_form(event, form) for event in sent for form in self.forms for _ in range(self.copies)]
        match self.order:
            case "reversed":
                return messages[::-1]
            case "shuffled":
                return random.Random(self.seed).sample(messages, len(messages))  # noqa: S311 - guards nothing
        return messages


@dataclass(frozen=True, slots=True)
class _Delivery:
    message: Json
    text: str
    """The whole event as JSON, whichever form is sent."""


@dataclass(slots=True)
class Webhooks:
    endpoint: str | None
    """The webhook's URL; None sends nothing."""
    secret: str
    habits: dict[str, Habits] = field(default_factory=dict)
    """By a text that the events contain; of several that match, the latest applies."""
    attempts: list[tuple[str, Json]] = field(default_factory=list)
    """Every attempt with its event's text, in the order of the answers."""
    _batches: queue.SimpleQueue[tuple[list[_Delivery], Habits] | None] = field(default_factory=queue.SimpleQueue)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _on_their_way: list[_Delivery] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _beginning: threading.Lock = field(default_factory=threading.Lock)
    """Held until a listed thread has started: before that, nobody can join it."""

    def start(self) -> None:
        self._begin(threading.Thread(target=self._send_batches, daemon=True))

    def stop(self) -> None:
        """After this returns, nothing more is sent."""
        self._stopped.set()
        self._batches.put(None)
        while thread := self._last_begun():
            thread.join()

    def send(self, events: Sequence[Json]) -> None:
        """Send the events of one request as `habits` say."""
        text = json.dumps(list(events))
        habits = next((self.habits[about] for about in reversed(self.habits) if about in text), Habits())
        texts = {event["id"]: json.dumps(event) for event in events}
        messages = habits.messages(events)
        self._enqueue([_Delivery(each, texts[each.get("snapshot_event", each["id"])]) for each in messages], habits)

    def send_again(self, event: Json, form: str) -> None:
        """Send one event, whatever happened to it before."""
        self._enqueue([_Delivery(_in_form(event, form), json.dumps(event))], Habits())

    def wait_until_quiet(self, about: str, seconds: float) -> bool:
        """Whether, within these seconds, no such event is being delivered or waiting for a retry any more."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(about in delivery.text for delivery in self._on_their_way), seconds
            )

    def _enqueue(self, deliveries: list[_Delivery], habits: Habits) -> None:
        if self.endpoint and deliveries:
            with self._changed:
                self._on_their_way += deliveries
            self._batches.put((deliveries, habits))

    def _send_batches(self) -> None:
        while batch := self._batches.get():
            deliveries, habits = batch
            for delivery in deliveries:
                if self._stopped.is_set():
                    return
                if habits.order == "at_once":
                    self._go_on(delivery, (0, *RETRY_SECONDS))
                elif not self._is_done(delivery):
                    self._go_on(delivery, RETRY_SECONDS)

    def _go_on(self, delivery: _Delivery, pauses: Sequence[float]) -> None:
        """Deliver in a thread of its own, so that other events need not wait."""
        self._begin(threading.Thread(target=self._insist, args=(delivery, pauses), daemon=True))

    def _begin(self, thread: threading.Thread) -> None:
        with self._beginning:
            self._threads.append(thread)
            thread.start()

    def _last_begun(self) -> threading.Thread | None:
        with self._beginning:
            return self._threads.pop() if self._threads else None

    def _insist(self, delivery: _Delivery, pauses: Sequence[float]) -> None:
        for pause in pauses:
            if self._stopped.wait(pause):
                return
            if self._is_done(delivery):
                return
        self._end(delivery)

    def _is_done(self, delivery: _Delivery) -> bool:
        message = delivery.message
        attempt = {"event": message["id"], "snapshot": message.get("snapshot_event"), "type": message["type"]}
        try:
            answer = deliver(self.endpoint or "", message, self.secret)
        except NotAnswered as problem:
            self.attempts.append((delivery.text, {**attempt, "status": None, "said": str(problem)}))
            return False
        self.attempts.append((delivery.text, {**attempt, "status": answer.status, "said": answer.said}))
        if answer.is_done:
            self._end(delivery)
        return answer.is_done

    def _end(self, delivery: _Delivery) -> None:
        with self._changed:
            self._on_their_way.remove(delivery)
            self._changed.notify_all()


def _in_form(event: Json, form: str) -> Json:
    # A resent event keeps its id.
    return event if form == "snapshot" else thin_event_of(event, f"{event['id']}_thin")
