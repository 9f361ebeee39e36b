"""What goes wrong between Stripe and the webhook, over HTTP as it really does: one run makes up for it, and says so."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from orders.events import NotUnderstood
from tests.support.stripe_incidents import ROLLED, Incident, an_incident
from tools.stripe_stand_in import webhooks
from webhooks import endpoint
from webhooks.translation import HANDLED_TYPES, order_event_from

Breaking = Callable[[Incident, pytest.MonkeyPatch], object]


def secret_is_wrong(incident: Incident, _: pytest.MonkeyPatch) -> None:
    incident.stand_in.sign_with(ROLLED)


def endpoint_is_disabled(incident: Incident, _: pytest.MonkeyPatch) -> None:
    incident.stand_in.disable_endpoint()


def webhooks_are_lost(incident: Incident, _: pytest.MonkeyPatch) -> None:
    incident.stand_in.send_webhooks(lose=sorted(HANDLED_TYPES))


def release_parks_everything(_: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(message: Any, **known: Any) -> NotUnderstood:
        event: Any = order_event_from(message, **known)
        return NotUnderstood(event.delivery, None, "amount_received must be an amount in minor units")

    monkeypatch.setattr(endpoint, "order_event_from", unread)


@pytest.mark.parametrize(
    ("go_wrong", "answers", "logged"),
    [
        (secret_is_wrong, [400], ["rejected"]),
        (endpoint_is_disabled, [], []),
        (webhooks_are_lost, [], []),
        (release_parks_everything, [200], ["error"]),
    ],
)
def test_after_one_run_all_is_as_if_nothing_had_happened_and_it_says_what_it_did(
    monkeypatch: pytest.MonkeyPatch, go_wrong: Breaking, answers: Sequence[int], logged: Sequence[str]
) -> None:
    monkeypatch.setattr(webhooks, "RETRY_SECONDS", (0, 0))
    with an_incident() as incident:
        go_wrong(incident, monkeypatch)
        happenings(incident)
        assert sorted({attempt["status"] for attempt in incident.attempts}) == answers
        assert sorted({line["result"] for line in incident.endpoint_log.lines}) == logged
        assert statuses_in(incident) == dict.fromkeys(("order-1", "order-2", "order-3"), "reserved")
        incident.job().run()
    assert statuses_in(incident) == {"order-1": "partially_refunded", "order-2": "refunded", "order-3": "reserved"}
    assert known_in(incident.shop) == known_in(incident.told)
    assert incident.shop.open_findings() == []
    line = incident.last_line
    assert (line["severity"], line["message"]) == ("WARNING", "reconciled with Stripe")
    assert (line["complete"], line["waiting"], line["faults"], line["opened"]) == (True, 0, 0, [])
    assert line["settled"] == {
        "first_time_finalized": 2,
        "already_finalized": 4,
        "hold_extended": 3,
        "refund_recorded": 2,
        "partially_refunded": 1,
        "refunded": 1,
    }


def test_where_every_webhook_has_come_there_is_nothing_to_settle() -> None:
    with an_incident() as incident:
        happenings(incident)
        assert {attempt["status"] for attempt in incident.attempts} == {200}
        incident.job().run()
    line = incident.last_line
    assert (line["severity"], line["settled"], line["opened"]) == ("INFO", {}, [])
    assert known_in(incident.shop) == known_in(incident.told)


def happenings(incident: Incident) -> None:
    """One order is paid and partly refunded, one paid and refunded; the money of the third is on its way."""
    for order_id in ("order-1", "order-2", "order-3"):
        incident.order(order_id)
    first, second = incident.pay("order-1"), incident.pay("order-2")
    incident.pay("order-3", is_slow=True)
    incident.refund(first, amount=500)
    incident.refund(second)
    incident.end()


def statuses_in(incident: Incident) -> dict[str, object]:
    documents = incident.shop.store.dump()
    return {path.removeprefix("orders/"): each["status"] for path, each in documents.items() if "orders/" in path}


def known_in(shop: Any) -> dict[str, dict[str, object]]:
    """All but that an event was set aside before, which its note says."""
    return {path: {**fields, "note": None} for path, fields in shop.documents().items()}
