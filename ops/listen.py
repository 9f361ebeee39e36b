"""`./shop listen`: how Stripe's own command line forwards events to a shop, and how the shop gets to believe them."""

import os
from dataclasses import dataclass

import click

from ops.commands import Asked, command
from ops.exit_codes import Failed
from ops.page import Heading, Line, Page, Tone
from service.secrets import STRIPE_WEBHOOK_SECRET
from tools.addresses import NoEmulators, found
from tools.toolchain import BUILD
from webhooks.signing_secrets import EMULATORS_SECRET
from webhooks.translation import HANDLED_TYPES


@dataclass(frozen=True, slots=True)
class Listening:
    """What to type, in this order."""

    secret: str
    """Makes the functions accept what is forwarded."""
    start: str
    """Starts forwarding."""
    listen: str


@command("listen")
@click.option("--to", "url", metavar="URL", help="The endpoint; by default the shop's webhook.")
@click.pass_obj
def listen(asked: Asked, url: str | None) -> None:
    """Print how to forward events to the shop with the Stripe CLI.

    It prints commands to copy. The Stripe CLI signs what it forwards with its own secret, which never changes and
    which --print-secret shows. This command changes nothing, and shows no secret.
    https://docs.stripe.com/cli/listen
    """
    shown = _in_emulators(url) if asked.shop.is_emulated else _in_project(asked, url)
    asked.output.show(shown, _page_of(shown))


def _in_emulators(url: str | None) -> Listening:
    try:
        webhook = url or found(os.environ, BUILD).webhook
    except NoEmulators as problem:
        raise Failed(str(problem)) from None
    # The present secret stays, or `make pay` would be refused.
    line = f"{STRIPE_WEBHOOK_SECRET}={EMULATORS_SECRET},$(stripe listen --print-secret)"
    return Listening(f'echo "{line}" >> .secret.local', "make emulators", listen_command(webhook))


def _in_project(asked: Asked, url: str | None) -> Listening:
    shop = asked.shop
    if shop.settings.terms.expected_livemode is True:
        raise Failed(f"{shop.project} accepts only live events (EXPECT_LIVEMODE), and the Stripe CLI forwards none.")
    region = shop.environment.get("REGION", "us-central1")
    webhook = url or shop.settings.canary_url or f"https://{region}-{shop.project}.cloudfunctions.net/stripeWebhook"
    access = f"gcloud secrets versions access latest --secret={STRIPE_WEBHOOK_SECRET} --project={shop.project}"
    add = f"gcloud secrets versions add {STRIPE_WEBHOOK_SECRET} --data-file=- --project={shop.project}"
    both = f'printf %s "$({access}),test:$(stripe listen --print-secret)" | {add}'
    return Listening(both, f"make deploy PROJECT={shop.project}", listen_command(webhook))


def listen_command(webhook: str) -> str:
    """The Stripe CLI's command line: only events that the webhook handles are forwarded."""
    return f"stripe listen --events {','.join(sorted(HANDLED_TYPES))} --forward-to {webhook}"


def _page_of(shown: Listening) -> Page:
    return [
        *_step("Log in, once:", "stripe login"),
        *_step("Let the functions accept its secret, too, once:", shown.secret),
        *_step("Start them with it:", shown.start),
        *_step("Forward events, until Ctrl-C:", shown.listen),
    ]


def _step(title: str, typed: str) -> Page:
    return Heading(title), Line(typed, Tone.COMMAND)
