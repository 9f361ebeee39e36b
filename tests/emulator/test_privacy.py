"""`./shop forget` erases a customer as docs/privacy.md says, and the shop goes on."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from click.testing import Result
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import firestore

from database.documents.effects import effect_path, effect_write
from effects.effect import Effect, EffectKind
from notifications.notices import Audience
from ops.exit_codes import ExitCode
from ops.forgetting import Erasure, erase
from tests.emulator.ordering_shop import ON_THE_SHELF, PAID, REFUNDED, Shop, operated
from tests.support.builders import NOW, Fields, a_request
from tests.support.effects import A_MAIL, A_REFUND
from tests.support.emulated_shop import documents_in
from tests.support.operators import an_operators_request


def forgotten(client: firestore.Client, *words: str) -> Result:
    return operated(client, "forget", *words)


def an_effect(effect: Effect, **changes: object) -> tuple[str, Fields]:
    return effect_path(effect.effect_id), dict(effect_write(effect, NOW).fields) | changes


def write_what_names_customers(shop: Shop) -> Sequence[tuple[str, Fields]]:
    """Returns the effects: a mail to Alice, a refund for her, a chat message about her order, a mail to Bob."""
    shop.write("cancelRequests/order-1", a_request())
    shop.write("orderDetails/order-1", {"userId": "alice", "email": "alice@example.com"})
    shop.write("checkouts/order-1", {"userId": "alice", "request": {"customer_email": "alice@example.com"}})
    shop.write("checkouts/deleted", {"userId": "alice"})
    shop.write("orders/bobs", {"userId": "bob"})
    shop.write("checkouts/bobs", {"userId": "bob"})
    mail, refund = an_effect(A_MAIL, payload={"to": "alice@example.com"}), an_effect(A_REFUND)
    chat = an_effect(replace(A_MAIL, kind=EffectKind.CHAT, recipient=str(Audience.OPERATOR)), reason="alice has called")
    bobs = an_effect(replace(A_MAIL, cause_id="evt_2", user_id="bob"))
    for path, fields in (mail, refund, chat, bobs):
        shop.write(path, fields)
    sent, bobs_mail = f"mail/{A_MAIL.key}", f"mail/{replace(A_MAIL, cause_id='evt_2').effect_id}"
    for path in (sent, bobs_mail):
        shop.write(path, {"to": ["alice@example.com"] if path == sent else ["bob@example.com"]})
    shop.write("users/alice", {"email": "alice@example.com"})
    shop.write("users/alice/fcmTokens/token", {"platform": "web"})
    asked = an_operators_request("accept", reason="alice@example.com has called", settledAt=NOW, result="accepted")
    shop.write("operatorRequests/answered", asked)
    shop.write(
        "webhookEvents/evt_handled", {"orderId": "order-1", "askedBy": {"operator": "mia", "reason": "for alice"}}
    )
    shop.report(PAID, "evt_paid")
    shop.report("charge.dispute.created", "evt_dispute")
    return mail, refund, chat, bobs


def test_nothing_names_a_customer_who_is_forgotten_and_no_refund_is_broken(shop: Shop) -> None:
    how = ("alice", "--yes", "--reason", "request of 14 March", "--operator", "mia")
    mail, refund, chat, bobs = write_what_names_customers(shop)
    before = documents_in(shop.client)
    assert [path for path, fields in before.items() if "alice" in f"{path} {fields}"] != []
    shown = forgotten(shop.client, "alice")
    assert (shown.exit_code, documents_in(shop.client)) == (ExitCode.FINE, before)
    assert forgotten(shop.client, *how).exit_code == ExitCode.FINE
    after = documents_in(shop.client)
    (record,) = [after.pop(path) for path in list(after) if path.startswith("erasures/")]
    assert (record["orders"], record["operator"], record["reason"]) == (["order-1"], "mia", "request of 14 March")
    assert record["completedAt"] is not None
    assert all(path in shown.stdout for path in before if before[path] != after.get(path))
    assert [path for path, fields in after.items() if "alice" in f"{path} {fields}"] == []
    assert {path for path in before if path not in after} == {
        "cancelRequests/order-1",
        "orderDetails/order-1",
        "checkouts/order-1",
        "checkouts/deleted",
        "notifications/alice/messages/evt_paid",
        "users/alice",
        "users/alice/fcmTokens/token",
        mail[0],
        f"mail/{A_MAIL.key}",
    }
    assert (shop.read("orders/bobs"), shop.read(bobs[0])) == ({"userId": "bob"}, bobs[1])
    # The refund and the operators' message are still due.
    for path, fields in (refund, (chat[0], {**chat[1], "reason": "erased"})):
        assert shop.read(path) == {name: value for name, value in fields.items() if name != "userId"}
    assert shop.read("webhookEvents/evt_handled")["askedBy"] == {"operator": "mia", "reason": "erased"}
    assert "Nothing names this customer" in forgotten(shop.client, *how).stdout
    again = documents_in(shop.client)
    assert {path: fields for path, fields in again.items() if not path.startswith("erasures/")} == after
    assert shop.report(REFUNDED, "evt_refunded") == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)


def test_who_was_erased_is_on_record_whole_even_if_that_is_interrupted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = ("alice", "--yes", "--reason", "request of 14 March", "--operator", "mia")
    for order_id in ("order-2", "order-3"):
        shop.write(f"orders/{order_id}", {"userId": "alice", "status": "expired"})

    def dies_after_the_first_order(erasure: Erasure, client: firestore.Client) -> None:
        erase(erasure, client)
        if erasure.status:
            raise ServiceUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr("ops.forget.erase", dies_after_the_first_order)
        assert forgotten(shop.client, *how).exit_code == ExitCode.FAILED
    assert forgotten(shop.client, *how).exit_code == ExitCode.FINE
    records = [fields for path, fields in documents_in(shop.client).items() if path.startswith("erasures/")]
    assert all(f"order-{n}" in str([record["orders"] for record in records]) for n in (1, 2, 3))
    assert sorted(record["completedAt"] is None for record in records) == [False, True]
    assert "alice" not in str(documents_in(shop.client))


def test_an_act_on_no_order_whose_reason_names_a_customer_is_shown_and_stays(shop: Shop) -> None:
    shop.write("auditLog/operator_handle-1", {"orderId": None, "createdAt": NOW, "reason": "alice has called"})
    shown = forgotten(shop.client, "alice", "--yes", "--reason", "request of 14 March", "--operator", "mia")
    assert "auditLog/operator_handle-1" in shown.stdout
    assert "1 operators' reasons name them, and stay" in shown.stdout
    assert shop.read("auditLog/operator_handle-1")["reason"] == "alice has called"
