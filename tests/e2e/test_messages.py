"""Messages to customers and operators: the shop in the emulators keeps them, and sends none."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from google.cloud import firestore

from notifications.outbox import FOLDER
from tests.e2e.running_shop import RunningShop
from tests.support.stripe_objects import an_event_for
from tools.polling import polled


def mails_about(order_id: str) -> list[EmailMessage]:
    found = [message_from_bytes(file.read_bytes(), policy=default) for file in FOLDER.glob("*.eml")]
    return [mail for mail in found if order_id in mail["Subject"]]


def test_a_paid_order_is_confirmed_by_one_mail_in_the_customers_language(shop: RunningShop) -> None:
    shop.seed_product("shirt", stock=10)
    shop.client.document(f"users/{shop.id('alice')}").set({"email": "alice@mail.example", "locale": "de"})
    order_id = shop.place_order("order", shirt=3)
    shop.await_status(order_id, "reserved")
    paid = [an_event_for(order_id, name) for name in ("payment_intent.succeeded", "charge.succeeded")]
    for event in (*paid, paid[0]):
        assert shop.deliver(event)[0] == 200
    effects = shop.client.collection("effects").where(filter=firestore.FieldFilter("orderId", "==", order_id))
    polled(
        lambda: [effect.get("state") for effect in effects.stream()], lambda them: {*them} == {"SUCCESS"}, seconds=60
    )
    (mail,) = mails_about(order_id)
    assert (mail["To"], mail["From"]) == ("alice@mail.example", "Demo Shop <orders@shop.example>")
    assert mail["Subject"] == f"Ihre Bestellung {order_id} ist bezahlt"
    assert shop.get(f"notifications/{shop.id('alice')}/messages/{paid[0]['id']}")["deliveredAt"]
