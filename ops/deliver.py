"""`./shop deliver`: a signed test event for an order is posted to an endpoint, as Stripe posts its own."""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import click

from database.documents.audit_log import audit_path
from database.documents.orders import order_from, order_path
from database.documents.values import text_or_none
from database.ids import is_order_id
from ops.acting import COMMIT_SECONDS_MAX
from ops.commands import Asked, command
from ops.exit_codes import ExitCode, Failed
from ops.page import Line, Tone
from orders.order import Order
from service.environment import is_emulated
from service.secrets import STRIPE_WEBHOOK_SECRET, signing_secrets
from tools.addresses import NoEmulators, found
from tools.posting import NotAnswered
from tools.stripe_events import OBJECT_OF, NoPrice, payment_event, payment_for
from tools.toolchain import BUILD
from webhooks.signing_secrets import EMULATORS_SECRET

_PAID: Final = "payment_intent.succeeded"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The answer to one delivery."""

    event_id: str
    event_type: str
    status: int
    said: str
    reason: str | None
    order_status: str | None
    """The order's status afterwards."""


@command("deliver")
@click.argument("order")
@click.option("--to", "url", metavar="URL", help="The endpoint's URL; in the emulators, by default the shop's webhook.")
@click.option("--event", "types", type=click.Choice(list(OBJECT_OF)), multiple=True, default=[_PAID], show_default=True)
@click.option("--amount", type=click.IntRange(0), help="In minor units; by default what the order asks.")
@click.option("--currency", help="Such as eur; by default the order's.")
@click.option(
    "--payment", metavar="pi_…", help="The PaymentIntent of an earlier call, to send another event of it, or the same."
)
@click.option("--live", is_flag=True, help="Allow a shop that may take real money: the order will count as paid there.")
@click.pass_obj
def deliver(
    asked: Asked,
    order: str,
    url: str | None,
    types: Sequence[str],
    amount: int | None,
    currency: str | None,
    payment: str | None,
    live: bool,  # noqa: FBT001 - as click calls it
) -> None:
    """Post a signed test event for an ORDER to an endpoint.

    It is what Stripe posts when somebody pays, but no money moves. Each call is a new payment, unless you name one;
    --event may be repeated. It is signed with STRIPE_WEBHOOK_SECRET from the environment, or with the emulators'
    secret. This is for tests, and needs no --yes.
    """
    livemode = _mode_of(asked, is_live_meant=live)
    secret = signing_secret(asked.shop.environment, os.environ, livemode=livemode)
    endpoint = url or _webhook_of(asked)
    try:
        paying = payment_for(_order(asked, order), payment or uuid.uuid4().hex[:12], amount, currency, _seconds(asked))
    except NoPrice as problem:
        raise Failed(f"{problem}: add --amount and --currency.") from None
    asked.output.say(f"{paying.amount} {paying.currency} with --payment {paying.payment_intent_id}")
    deliveries = []
    for each in types:
        event = {**payment_event(paying, each), "livemode": livemode}
        deliveries.append(_deliver(asked, endpoint, secret, event, order))
    asked.output.show(deliveries, [_line_of(each, order) for each in deliveries])
    if any(each.status != HTTPStatus.OK for each in deliveries):
        raise click.exceptions.Exit(ExitCode.FAILED)


def _seconds(asked: Asked) -> int:
    return int(asked.now().timestamp())


def _mode_of(asked: Asked, *, is_live_meant: bool) -> bool:
    """Whether to send a live-mode event. Raises Failed."""
    expected = asked.shop.settings.terms.expected_livemode
    if asked.shop.is_emulated or expected is False:
        return False
    if not is_live_meant:
        raise Failed(
            f"{asked.shop.project} may take real money (EXPECT_LIVEMODE is not false there), and the order would count "
            "as paid. Nothing was sent. Add --live if that is what you want."
        )
    return expected is True


def signing_secret(settings: Mapping[str, str], environment: Mapping[str, str], *, livemode: bool) -> str:
    """The first signing secret in the environment for this mode; without any, the emulators' own.

    Raises:
        Failed: there is none.
        SettingsError: a text cannot be one.
    """
    given = environment.get(STRIPE_WEBHOOK_SECRET, "") or (EMULATORS_SECRET if is_emulated(settings) else "")
    secrets = signing_secrets({**settings, STRIPE_WEBHOOK_SECRET: given})
    usable = [secret.text for secret in secrets if secret.livemode in (None, livemode)]
    if not usable:
        mode = "live" if livemode else "test"
        raise Failed(
            f"{STRIPE_WEBHOOK_SECRET} has no signing secret for {mode} mode. Take it from the functions: "
            f"export {STRIPE_WEBHOOK_SECRET}=$(gcloud secrets versions access latest --secret={STRIPE_WEBHOOK_SECRET})"
        )
    return usable[0]


def _webhook_of(asked: Asked) -> str:
    if not asked.shop.is_emulated:
        raise click.UsageError("Where to? Add --to URL: the address registered in Stripe.")
    try:
        return found(os.environ, BUILD).webhook
    except NoEmulators as problem:
        raise Failed(str(problem)) from None


def _order(asked: Asked, order_id: str) -> Order:
    path = order_path(order_id)
    there = asked.shop.store.read((path,), timeout_seconds=COMMIT_SECONDS_MAX)[path] if is_order_id(order_id) else None
    if there is None:
        raise Failed(f"There is no order {order_id} in {asked.shop.project}. Nothing was sent.")
    return order_from(order_id, there.fields)


def _deliver(asked: Asked, url: str, secret: str, event: Mapping[str, Any], order_id: str) -> Delivered:
    from tools.deliveries import deliver as posted  # noqa: PLC0415 - imports Stripe's library

    try:
        answer = posted(url, event, secret)
    except NotAnswered as problem:
        raise Failed(str(problem)) from None
    entry, order = audit_path(event["id"]), order_path(order_id)
    there = asked.shop.store.read((entry, order), timeout_seconds=COMMIT_SECONDS_MAX)
    noted = text_or_none(document.fields.get("note")) if (document := there[entry]) else None
    status = str(order_from(order_id, found_order.fields).status) if (found_order := there[order]) else None
    return Delivered(event["id"], event["type"], answer.status, answer.said, answer.reason or noted, status)


def _line_of(delivered: Delivered, order_id: str) -> Line:
    why = f": {delivered.reason}" if delivered.reason else ""
    became = (
        f"order {order_id} is {delivered.order_status}" if delivered.order_status else f"there is no order {order_id}"
    )
    tone = Tone.GOOD if delivered.status == HTTPStatus.OK else Tone.WARNING
    return Line(
        f"{delivered.event_type} {delivered.event_id}: {delivered.status} {delivered.said}{why}; {became}", tone
    )
