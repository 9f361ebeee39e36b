"""`./shop reconcile`: what the function does every hour, now, and as far back as one wants."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

import click

from database.rehearsal import RehearsalStore
from ops.commands import Asked, command
from ops.connection import Shop
from ops.exit_codes import ExitCode, Failed
from ops.page import Heading, Line, Page, Tone
from ops.times import since_from
from orders.events import Cause
from orders.outcome import Outcome, Result
from reconciliation.reconciled import AtStripe, Reconciled
from service.logs import Log
from service.secrets import STRIPE_API_KEY
from service.settings import settings_from

if TYPE_CHECKING:
    from reconciliation.job import Reconciliation


@command("reconcile")
@click.option("--since", metavar="TIME", help="2026-03-14, 36h, 2d; by default since the end of the last run.")
@click.option("--yes", is_flag=True, help="Settle what is missing. Without this, only show it.")
@click.pass_context
def reconcile(context: click.Context, since: str | None, *, yes: bool) -> None:
    """Settle events that only Stripe has, and find what disagrees.

    This checks whether Stripe's money, the orders, the stock and the trail agree. It asks Stripe with the key in
    STRIPE_API_KEY, which must be allowed to list events, PaymentIntents and refunds. Exits with 3 if it finds
    anything, and with 1 if Stripe could not be asked: then it only checked the database.
    """
    asked: Asked = context.obj
    # No time limit: nobody stops it, and after a stop the next run would start again at `--since`.
    job = replace(job_of(asked.shop, _said_by(asked)), seconds_max=inf, now=asked.now)
    dry = Dry(job)
    start = since_from(since, asked.now()) if since else None
    reconciled = (job if yes else dry.job).run(start)
    missing = [{"eventId": event.event_id, "eventType": event.event_type} for event in dry.missing]
    asked.output.show({**reconciled.summary(), "missing": missing}, page_of(reconciled, dry.missing))
    if reconciled.at_stripe is not AtStripe.ASKED:
        raise Failed(_unasked(reconciled))
    if not reconciled.is_as_usual or reconciled.open or missing:
        context.exit(ExitCode.FOUND)


def job_of(shop: Shop, log: Log) -> "Reconciliation":
    """The job; without a key it checks only the database. Raises SettingsError."""
    # No other command needs these, nor Stripe's library.
    from ops.stripe_access import with_key  # noqa: PLC0415
    from service.wiring import service_on  # noqa: PLC0415

    environment = with_key(shop.environment, os.environ)
    return service_on(shop.connection, settings_from(environment), log, environment).reconciliation()


def _unasked(reconciled: Reconciled) -> str:
    said = f"Stripe was left out ({reconciled.why_not}): only the database was checked."
    if reconciled.at_stripe is AtStripe.NO_KEY:
        return f"{said} To set a key: read -rs {STRIPE_API_KEY} && export {STRIPE_API_KEY}"
    return said


@dataclass(slots=True)
class Dry:
    """The same run without settling or writing anything."""

    whole: "Reconciliation"
    missing: list[Cause] = field(default_factory=list)
    """What would be settled."""

    @property
    def job(self) -> "Reconciliation":
        return replace(self.whole, settle=self._settle, store=RehearsalStore(self.whole.store))

    def _settle(self, event: Cause, _now: datetime) -> Outcome:
        if event.event_id not in {each.event_id for each in self.missing}:
            self.missing.append(event)
        return Outcome(Result.IGNORED, event.order_id)


def page_of(reconciled: Reconciled, missing: Sequence[Cause]) -> Page:
    """What was checked, what was missing or is settled now, and what disagrees."""
    looked_at = (
        f"Checked {reconciled.events} events, {reconciled.payments} payments, {reconciled.refunds} refunds, "
        f"{reconciled.orders} orders and {reconciled.products} products"
    )
    settled = (Line(f"{result}: {number}") for result, number in sorted(reconciled.settled.items()))
    unsettled = (Line(f"{event.event_id} {event.event_type} {event.order_id or ''}".rstrip()) for event in missing)
    found = (
        line
        for finding in reconciled.opened
        for line in (Line(finding.words, Tone.WARNING), Line(finding.remedy, Tone.COMMAND))
    )
    still_open = reconciled.open - len(reconciled.opened)
    return (
        Line(f"{looked_at}."),
        *((Heading("Settled now"), *settled) if reconciled.settled else ()),
        *((Heading("Not settled yet: add --yes to settle them"), *unsettled) if missing else ()),
        *((Heading("Found"), *found) if reconciled.opened else ()),
        *((Line(f"{still_open} found earlier: ./shop findings", Tone.WARNING),) if still_open else ()),
    )


def _said_by(asked: Asked) -> Callable[..., None]:
    def say(severity: str, message: str, **fields: object) -> None:
        if event_id := fields.get("eventId"):
            asked.output.say(f"{severity} {event_id} {message}")

    return say
