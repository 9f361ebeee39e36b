"""A customer is erased as docs/privacy.md says, and the shop goes on."""

import re
import runpy
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from database.documents.effects import effect_path, effect_write
from effects.effect import Effect, EffectKind
from notifications.notices import Audience
from tests.emulator.ordering_shop import ON_THE_SHELF, PAID, REFUNDED, Shop
from tests.support.builders import NOW, Fields, a_request
from tests.support.effects import A_MAIL, A_REFUND
from tests.support.emulated_shop import documents_in
from tools.toolchain import ROOT


def the_documented_command(user_id: str) -> str:
    (command,) = re.findall(r'python -c "\n(.*?)"\n', (ROOT / "docs/privacy.md").read_text(), re.DOTALL)
    return textwrap.dedent(command).replace("USER_ID", user_id)


def an_effect(effect: Effect, **changes: object) -> tuple[str, Fields]:
    return effect_path(effect.effect_id), dict(effect_write(effect, NOW).fields) | changes


def test_the_documented_command_leaves_nothing_that_names_the_customer_and_breaks_no_refund(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", shop.client.project)
    erase_alice = tmp_path / "erase.py"
    erase_alice.write_text(the_documented_command("alice"))
    shop.write("cancelRequests/order-1", a_request())
    shop.write("orderDetails/order-1", {"userId": "alice", "email": "alice@example.com"})
    shop.write("checkouts/order-1", {"userId": "alice", "request": {"customer_email": "alice@example.com"}})
    shop.write("orders/bobs", {"userId": "bob"})
    shop.write("checkouts/bobs", {"userId": "bob"})
    mail, refund = an_effect(A_MAIL, payload={"to": "alice@example.com"}), an_effect(A_REFUND)
    chat = an_effect(replace(A_MAIL, kind=EffectKind.CHAT, recipient=str(Audience.OPERATOR)))
    bobs = an_effect(replace(A_MAIL, cause_id="evt_2", user_id="bob"))
    for path, fields in (mail, refund, chat, bobs):
        shop.write(path, fields)
    shop.write("users/alice", {"email": "alice@example.com"})
    shop.write("users/alice/fcmTokens/token", {"platform": "web"})
    shop.report(PAID, "evt_paid")
    shop.report("charge.dispute.created", "evt_dispute")
    before = documents_in(shop.client)
    assert [path for path, fields in before.items() if "alice" in f"{path} {fields}"] != []
    runpy.run_path(str(erase_alice))
    after = documents_in(shop.client)
    assert [path for path, fields in after.items() if "alice" in f"{path} {fields}"] == []
    assert {path for path in before if path not in after} == {
        "cancelRequests/order-1",
        "orderDetails/order-1",
        "checkouts/order-1",
        "notifications/alice/messages/evt_paid",
        "users/alice",
        "users/alice/fcmTokens/token",
        mail[0],
    }
    assert (shop.read("orders/bobs"), shop.read(bobs[0])) == ({"userId": "bob"}, bobs[1])
    # The money still has to go back, and operators still have to know.
    for path, fields in (refund, chat):
        assert shop.read(path) == {name: value for name, value in fields.items() if name != "userId"}
    runpy.run_path(str(erase_alice))
    assert documents_in(shop.client) == after
    assert shop.report(REFUNDED, "evt_refunded") == "refunded"
    assert (shop.order["status"], shop.stock) == ("refunded", ON_THE_SHELF)
