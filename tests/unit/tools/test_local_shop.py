"""How the commands beside the emulators treat arguments, orders and answers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from database.documents.orders import order_from
from database.documents.products import product_from
from orders.money import Money
from orders.order import Order, OrderStatus
from orders.payments import Payment, Payments, PaymentState
from orders.refunds import Refunds
from tests.support.builders import NOW, a_reserved_order, an_order
from tests.support.refunds import a_refund
from tools import addresses, local_shop, open_shop, pay, refund
from tools.addresses import Addresses
from tools.catalogue import CATALOGUE, documents
from tools.local_shop import LocalShop, Refusal, at_work
from tools.open_shop import sweep_while_open, what_next
from tools.posting import Answer, NotAnswered
from tools.refund import refundable
from tools.stripe_events import CardPayment, NoPrice, payment_for
from tools.sweep import in_words
from tools.toolchain import ROOT

RESERVED = order_from("order-1", a_reserved_order())
NO_CLIENT: Any = None
UNPRICED = order_from("order-1", an_order())


def a_paid_order(*payments: tuple[str, int], refunded: int = 0) -> Order:
    """The first payment is partly refunded."""
    succeeded = [Payment(name, PaymentState.SUCCEEDED, NOW, Money(amount, "eur")) for name, amount in payments]
    return replace(
        RESERVED,
        status=OrderStatus.FINALIZED,
        finalized_at=NOW,
        payments=Payments.of(*succeeded),
        refunds=Refunds.of(a_refund(amount=refunded)) if refunded else Refunds(),
    )


# --- Paying -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "amount", "currency", "money"),
    [
        (RESERVED, None, None, Money(3_600, "eur")),
        (RESERVED, 5, None, Money(5, "eur")),
        (RESERVED, 0, None, Money(0, "eur")),
        (RESERVED, None, "usd", Money(3_600, "usd")),
        (UNPRICED, 5, "usd", Money(5, "usd")),
    ],
)
def test_what_the_order_asks_is_paid_unless_something_else_is_said(
    order: Order, amount: int | None, currency: str | None, money: Money
) -> None:
    payment = payment_for(order, "pi_new", amount, currency, 7)
    assert payment == CardPayment("new", "order-1", money.amount, money.currency, 7)


@pytest.mark.parametrize(("amount", "currency"), [(None, None), (5, None), (None, "eur")])
def test_an_order_without_a_price_is_paid_by_what_is_said_alone(amount: int | None, currency: str | None) -> None:
    with pytest.raises(NoPrice, match=r"^Order order-1 is pending and has no price$"):
        payment_for(UNPRICED, "pi_new", amount, currency, 7)


def test_each_call_pays_anew_with_a_paymentintent_unless_it_says_otherwise() -> None:
    said = pay.arguments_from(["--order=-x"], "new")
    assert vars(said) == {
        "order": "-x",
        "event": "payment_intent.succeeded",
        "amount": None,
        "currency": None,
        "payment": "pi_new",
    }
    assert pay.arguments_from(["--payment=pi_old"], "new").payment == "pi_old"


@pytest.mark.parametrize("word", ["--amount=14.50", "--amount=-1", "--amount=", "--currency=EUR", "--event=paid"])
def test_what_cannot_be_paid_is_refused_before_anything_is_sent(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pay.arguments_from([word], "new")
    assert capsys.readouterr().err.startswith("usage: make pay ORDER=... [EVENT=... AMOUNT=... CURRENCY=... PAYMENT")


# --- Refunding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payments", "refunded", "payment_id", "left"),
    [
        ([("pi_1", 3_600)], 0, "pi_1", 3_600),
        ([("pi_1", 3_600)], 600, "pi_1", 3_000),
        ([("pi_0", 100), ("pi_1", 3_600)], 0, "pi_1", 3_600),
        ([("pi_0", 100), ("pi_1", 3_600)], 3_600, "pi_0", 100),
    ],
    ids=["all", "the rest", "what it is paid with", "then what was not needed"],
)
def test_what_is_left_of_a_payment_is_refunded(
    payments: Sequence[tuple[str, int]], refunded: int, payment_id: str, left: int
) -> None:
    payment, amount = refundable(a_paid_order(*payments, refunded=refunded))
    assert (payment.payment_id, amount) == (payment_id, left)


def test_an_order_without_anything_left_to_refund_is_not_refunded() -> None:
    with pytest.raises(Refusal, match=r"^Order order-1 is finalized: nothing is left to refund\.$"):
        refundable(a_paid_order(("pi_1", 3_600), refunded=3_600))
    with pytest.raises(Refusal, match=r"^Order order-1 is reserved: nothing was paid for it\.$"):
        refundable(RESERVED)


def test_a_refund_is_of_everything_unless_an_amount_is_said() -> None:
    assert vars(refund.arguments_from(["--order=order-1"])) == {"order": "order-1", "amount": None, "restock": None}
    assert refund.arguments_from(["--amount=5"]).amount == 5


# --- Any command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("succeeds", "code"), [(True, 0), (False, 1)])
def test_a_command_whose_answer_is_not_200_fails(monkeypatch: pytest.MonkeyPatch, *, succeeds: bool, code: int) -> None:
    shop = LocalShop(Addresses("here:1", "here:2", "here:3", "here:4"), NO_CLIENT)
    monkeypatch.setattr(addresses, "found", lambda *_: shop.addresses)
    monkeypatch.setattr(LocalShop, "at", lambda _: shop)
    assert at_work(lambda given: succeeds and given is shop) == code


def test_a_command_for_which_no_shop_is_open_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local_shop, "BUILD", tmp_path)
    monkeypatch.setattr("os.environ", {})
    assert at_work(lambda _: pytest.fail("was done all the same")) == 1
    assert capsys.readouterr().err == "No emulators are up: start them in another terminal with `make emulators`.\n"


# --- The catalogue, sweeps, and what to do next -----------------------------------------------------------------------


def test_every_product_of_the_catalogue_can_be_sold_and_one_of_them_is_sold_out() -> None:
    written = documents()
    products = [product_from(each, written[f"inventory/{each}"], written[f"products/{each}"]) for each in CATALOGUE]
    assert len(written) == 2 * len(CATALOGUE)
    assert all(product.in_inventory and product.on_sale and product.unit_price for product in products)
    levels = [product.level for product in products if product.level]
    assert sorted(level.available for level in levels if level.available is not None)[:3] == [0, 2, 5]
    assert [level.stock for level in levels].count(None) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, b'{"expired": 2, "finished": 0, "unchanged": 1, "complete": true}'), "2 expired, 1 unchanged"),
        (Answer(200, b'{"expired": 0, "complete": true}'), "nothing was due"),
    ],
)
def test_a_sweep_says_what_it_did(answer: Answer, words: str) -> None:
    assert in_words(answer) == f"Swept: {words}."
    assert in_words(Answer(503, b'{"error": "not swept"}')) == "The sweep failed: 503 not swept."


@pytest.mark.parametrize(
    ("data", "kept"), [(ROOT / "build/kept/1", "in build/kept/1\n"), (None, "nothing: KEEP=1 keeps")]
)
def test_what_can_be_done_next_is_printed_with_all_that_it_takes(data: Path | None, kept: str) -> None:
    said = what_next(
        Addresses("here:1", "here:2", "here:3", "here:4"), ROOT / "build/emulators/now/emulators.log", data
    )
    for named in (
        *("http://here:1\n", "http://here:3\n", "http://here:2/demo-shop/us-central1/stripeWebhook\n"),
        *("http://here:2\n", "http://here:4 ", "build/outbox\n"),
        *("whsec_test_secret", "export FIRESTORE_EMULATOR_HOST=here:1\n", f" {kept}"),
        *("make pay ORDER=", "make refund ORDER=", "make sweep\n", "build/emulators/now/emulators.log\n", *CATALOGUE),
    ):
        assert named in said


def test_an_open_shop_is_swept_until_nobody_listens_any_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: Iterator[Answer | NotAnswered] = iter(
        [Answer(200, b"{}"), Answer(500, b'{"faults": 1}'), NotAnswered("There was no answer.")]
    )
    slept: list[float] = []

    def answer(_: Addresses) -> Answer:
        answered = next(answers)
        if isinstance(answered, NotAnswered):
            raise answered
        return answered

    monkeypatch.setattr(open_shop, "sweep", answer)
    monkeypatch.setattr("time.sleep", slept.append)
    assert sweep_while_open(Addresses("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4")) == 1
    assert slept == [open_shop.SWEEP_SECONDS] * 3
    assert capsys.readouterr().err == 'The sweep failed: 500 {"faults": 1}.\nThere was no answer.\n'
